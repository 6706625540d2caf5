import { l10n, MarkdownString } from "vscode";
import type { Hit } from "../protocol";
import { partOf, relationOf } from "./words";

/** Less of a score than this is not worth a row. */
const LEAST = 0.005;

/** What a hit looks like and why it was found. Nothing in it is trusted: no HTML, no commands. */
export function tooltipOf(hit: Hit): MarkdownString {
  const blocks = [
    `**${escape(hit.symbol || hit.path)}**  \n${escape(`${hit.path}:${hit.start_line}-${hit.end_line}`)}`,
    codeBlock(hit.snippet, hit.language),
  ];
  if (!hit.fresh) blocks.push(escape(l10n.t("Changed since it was indexed; shown as it is now.")));
  if (hit.relation) blocks.push(escape(relationOf(hit.relation)));
  const why = whyTable(hit);
  if (why) blocks.push(why);
  const markdown = new MarkdownString(blocks.join("\n\n"));
  markdown.isTrusted = false;
  markdown.supportHtml = false;
  return markdown;
}

function whyTable({ parts, score }: Hit): string | undefined {
  const rows = Object.entries(parts)
    .flatMap(([name, value]) => {
      const label = partOf(name);
      return label !== undefined && Math.abs(value) >= LEAST ? [{ label, value }] : [];
    })
    .sort((a, b) => b.value - a.value);
  if (rows.length === 0) return undefined;
  return [
    `| ${escape(l10n.t("Why it was found"))} | ${score.toFixed(2)} |`,
    "|:--|--:|",
    ...rows.map(({ label, value }) => `| ${escape(label)} | ${signed(value)} |`),
  ].join("\n");
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

/** A fence that is longer than any run of backticks in the text can't be ended by it. */
export function codeBlock(text: string, language: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language.replace(/[^\w+#-]/g, "")}\n${text}\n${fence}`;
}

/** Text that means nothing in Markdown: on one line, each sign that could mean something escaped. */
export function escape(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*_{}[\]()#+\-.!|<>~&$:@/]/g, "\\$&");
}
