"""Functions that are long enough to be compared, in several languages, for tests of duplicates."""

from __future__ import annotations

PYTHON = '''\
def load_settings(path, defaults):
    """Reads a file of settings."""
    values = dict(defaults)
    with open(path) as stream:
        for number, line in enumerate(stream, 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            key, mark, value = line.partition("=")
            if not mark:
                raise ValueError(f"{path}:{number}: no value")
            values[key.strip()] = value.strip()
    return values
'''
#: The asynchronous form of the first.
ASYNC = PYTHON.replace("def ", "async def ").replace("with", "async with", 1)
#: It is like no other.
OTHER = """\
def send_reminders(calendar, mailer, now):
    sent = []
    while calendar.pending(now):
        event = calendar.take_next(now)
        recipients = [guest.address for guest in event.guests if guest.accepted]
        if len(recipients) > 0 and event.begin - now < event.notice:
            mailer.deliver(subject=event.title, to=recipients, body=event.describe())
            sent.append(event.identifier)
        else:
            calendar.postpone(event, minutes=15)
    return sent
"""
#: It is short, and its counterpart differs in a word.
LEAST = """\
def earliest_deadline(tasks, now):
    best = None
    for task in tasks:
        if task.done or task.deadline < now:
            continue
        if best is None or task.deadline < best.deadline:
            best = task
    if best is None:
        raise LookupError("nothing is due")
    return best
"""

JAVASCRIPT = """\
function readTable(path, defaults) {
  const rows = Object.assign({}, defaults);
  for (const line of fs.readFileSync(path, "utf8").split("\\n")) {
    const cut = line.indexOf("=");
    if (cut < 0) {
      continue;
    }
    rows[line.slice(0, cut).trim()] = line.slice(cut + 1).trim();
  }
  return rows;
}
"""
GO = """\
func ReadTable(path string, rows map[string]string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		key, value, found := strings.Cut(scanner.Text(), "=")
		if found {
			rows[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return scanner.Err()
}
"""
RUST = """\
fn read_table(text: &str) -> HashMap<String, String> {
    let mut rows = HashMap::new();
    for line in text.lines() {
        if let Some((key, value)) = line.split_once('=') {
            rows.insert(key.trim().to_string(), value.trim().to_string());
        } else {
            eprintln!("no value: {}", line);
        }
    }
    rows
}
"""
LUA = """\
function read_table(path, rows)
  for line in io.lines(path) do
    local key, value = string.match(line, "^(.-)=(.*)$")
    if key ~= nil and value ~= "" then
      rows[string.lower(key)] = string.gsub(value, "%s+", " ")
    else
      io.stderr:write("no value: ", line)
    end
  end
  return rows
end
"""


def renamed(name: str = "read_options") -> str:
    """The Python function under another name and with other variables."""
    text = PYTHON.replace("load_settings", name).replace("values", "found")
    return text.replace("number", "count").replace("mark", "equals")


def edited(name: str = "read_options") -> str:
    """A near copy of the Python function: a statement more, and another condition."""
    text = renamed(name).replace("if not line or", "if len(line) < 2 or")
    return text.replace("    return found\n", '    log.info("read %s", path)\n    return found\n')


def method(text: str, container: str) -> str:
    """A function as a method of a class."""
    body = "".join(f"    {line}" if line.strip() else line for line in text.splitlines(True))
    return f"class {container}:\n{body.replace('(', '(self, ', 1)}"
