# frozen_string_literal: true

# Writes the notes of a release from the titles of its commits.
class ReleaseNotes
  Entry = Struct.new(:kind, :scope, :summary, :breaking, keyword_init: true)

  HEADINGS = { "feat" => "New", "fix" => "Fixed", "perf" => "Faster" }.freeze
  TITLE = /\A(?<kind>[a-z]+)(?:\((?<scope>[^)]+)\))?(?<bang>!)?: (?<summary>.+)\z/

  def initialize(repository)
    @repository = repository
  end

  def entries(from, to)
    titles = IO.popen(["git", "-C", @repository, "log", "--format=%s", "#{from}..#{to}"], &:readlines)
    titles.map { |title| parse(title.chomp) }.compact
  end

  # One commit title, or nil for one that is of no interest to a reader.
  def parse(title)
    match = TITLE.match(title)
    return nil unless match && (HEADINGS.key?(match[:kind]) || match[:bang])

    Entry.new(kind: match[:kind], scope: match[:scope], summary: match[:summary], breaking: !match[:bang].nil?)
  end

  def render(version, entries)
    lines = ["## #{version}", ""]
    breaking = entries.select(&:breaking)
    unless breaking.empty?
      lines << "### Breaking"
      breaking.each { |entry| lines << bullet(entry) }
    end
    HEADINGS.each do |kind, heading|
      group = entries.select { |entry| entry.kind == kind && !entry.breaking }
      next if group.empty?

      lines << "### #{heading}"
      group.each { |entry| lines << bullet(entry) }
    end
    lines.join("\n")
  end

  # The version that follows, by what the commits changed.
  def next_version(current, entries)
    major, minor, patch = current.split(".").map(&:to_i)
    return "#{major + 1}.0.0" if entries.any?(&:breaking)
    return "#{major}.#{minor + 1}.0" if entries.any? { |entry| entry.kind == "feat" }

    "#{major}.#{minor}.#{patch + 1}"
  end

  private

  def bullet(entry)
    entry.scope ? "- **#{entry.scope}**: #{entry.summary}" : "- #{entry.summary}"
  end
end
