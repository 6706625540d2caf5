"""Fingerprints: what a copy may change without changing them, in every language."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesearch import fingerprint, languages
from codesearch.chunking import chunk, tokens_of
from codesearch.fingerprint import Role
from codesearch.model import Chunk, SourceFile

# Of each language a function with a variable `total`, a parameter `limit`, a literal 17, a call
# of `notify` and a comment "once a day".
FUNCTIONS = {
    "bash": """
settle() {
  # once a day
  local total=17
  for each in $limit; do
    total=$((total + each))
    notify "$total" "$limit"
  done
  echo "$total"
}
""",
    "c": """
int settle(struct order *limit) {
  /* once a day */
  int total = 17;
  while (limit->next) { total += limit->price; notify(total, limit); limit = limit->next; }
  return total;
}
""",
    "cpp": """
int settle(const std::vector<Order> &limit) {
  // once a day
  int total = 17;
  for (const auto &each : limit) { total += each.price; notify(total, each); }
  return total;
}
""",
    "csharp": """
class Shop {
  int Settle(List<Order> limit) {
    // once a day
    var total = 17;
    foreach (var each in limit) { total += each.Price; Notify(total, each); notify(limit); }
    return total;
  }
}
""",
    "dart": """
int settle(List<Order> limit) {
  // once a day
  var total = 17;
  for (final each in limit) { total += each.price; notify(total, each); }
  return total;
}
""",
    "elixir": """
defmodule Shop do
  def settle(limit) do
    # once a day
    total = 17 + length(limit)
    notify(total, limit)
    Enum.reduce(limit, total, fn each, sum -> sum + each.price end)
  end
end
""",
    "go": """
package shop

func settle(limit []Order) int {
	// once a day
	total := 17
	for _, each := range limit {
		total += each.Price
		notify(total, each)
	}
	return total
}
""",
    "haskell": """
settle :: [Order] -> Int
settle limit =
  -- once a day
  let total = 17 + length limit
      each = foldr (+) total (map price limit)
  in notify total (each * total) limit
""",
    "java": """
class Shop {
  int settle(List<Order> limit) {
    // once a day
    int total = 17;
    for (Order each : limit) { total += each.price(); notify(total, each); }
    return total;
  }
}
""",
    "javascript": """
function settle(limit) {
  // once a day
  let total = 17;
  for (const each of limit) { total += each.price; notify(total, each); }
  return total;
}
""",
    "julia": """
function settle(limit)
    # once a day
    total = 17
    for each in limit
        total += each.price
        notify(total, each)
    end
    return total
end
""",
    "kotlin": """
fun settle(limit: List<Order>): Int {
    // once a day
    var total = 17
    for (each in limit) { total += each.price; notify(total, each) }
    return total
}
""",
    "lua": """
local function settle(limit)
  -- once a day
  local total = 17
  for _, each in ipairs(limit) do
    total = total + each.price
    notify(total, each)
  end
  return total
end
""",
    "objective-c": """
static int settle(NSArray *limit) {
  // once a day
  int total = 17;
  for (Order *each in limit) { total += each.price; notify(total, each); }
  return total;
}
""",
    "ocaml": """
let settle limit =
  (* once a day *)
  let total = ref 17 in
  List.iter (fun each -> total := !total + each.price; notify !total each) limit;
  !total
""",
    "perl": """
sub settle {
  my ($limit) = @_;
  # once a day
  my $total = 17;
  foreach my $each (@$limit) { $total += $each->{price}; notify($total, $each); }
  return $total;
}
""",
    "php": """<?php
function settle(array $limit): int {
    // once a day
    $total = 17;
    foreach ($limit as $each) { $total += $each->price; notify($total, $each); }
    return $total;
}
""",
    "powershell": """
function Settle {
    param($limit)
    # once a day
    $total = 17
    foreach ($each in $limit) { $total += $each.Price; notify $total $each }
    return $total
}
""",
    "python": """
def settle(limit):
    # once a day
    total = 17
    for each in limit:
        total += each.price
        notify(total, each)
    return total
""",
    "ruby": """
def settle(limit)
  # once a day
  total = 17
  limit.each do |each|
    total += each.price
    notify(total, each)
  end
  total
end
""",
    "rust": """
fn settle(limit: &[Order]) -> i64 {
    // once a day
    let mut total = 17;
    for each in limit { total += each.price; notify(total, each); }
    total
}
""",
    "scala": """
object Shop {
  def settle(limit: List[Order]): Int = {
    // once a day
    var total = 17
    for (each <- limit) { total = total + each.price; notify(total, each) }
    total
  }
}
""",
    "sql": """
CREATE FUNCTION settle(limit_ INT) RETURNS INT AS $$
BEGIN
  -- once a day
  UPDATE orders SET price = price + 17 WHERE id = limit_;
  PERFORM notify(17, limit_);
  RETURN limit_;
END;
$$ LANGUAGE plpgsql;
""",
    "swift": """
func settle(limit: [Order]) -> Int {
    // once a day
    var total = 17
    for each in limit { total += each.price; notify(total, each) }
    return total
}
""",
    "typescript": """
function settle(limit: Order[]): number {
  // once a day
  let total: number = 17;
  for (const each of limit) { total += each.price; notify(total, each); }
  return total;
}
""",
    "tsx": """
function Settle(limit: Order[]) {
  // once a day
  let total = 17;
  for (const each of limit) { total += each.price; notify(total, each); }
  return <p className="sum">{total}</p>;
}
""",
    "zig": """
fn settle(limit: []const Order) i64 {
    // once a day
    var total: i64 = 17;
    for (limit) |each| { total += each.price; notify(total, each); }
    return total;
}
""",
}
# Definitions only: there is no body to copy.
WITHOUT = {"markdown", "ocaml-interface", "restructuredtext"}
EACH = pytest.mark.parametrize("language", sorted(FUNCTIONS))


def cut(language: str, text: str) -> Chunk:
    """The first function of a text that has a fingerprint."""
    file = SourceFile("a", text, "", language)
    return next(c for c in chunk(file) if c.fingerprint)


def printed(language: str, *edits: tuple[str, str]) -> bytes:
    text = FUNCTIONS[language]
    for old, new in edits:
        assert re.search(rf"\b{old}\b", text), f"{language} has no {old}"
        text = re.sub(rf"\b{old}\b", new, text)
    return cut(language, text).fingerprint


def test_every_language_is_tried() -> None:
    assert {*FUNCTIONS, *WITHOUT} == {*languages.names()}


@EACH
def test_comments_and_layout_change_no_token(language: str) -> None:
    was = printed(language)
    now = printed(language, ("once a day", "twice a week"))
    assert fingerprint.exact(now) == fingerprint.exact(was)
    assert fingerprint.words(now).tolist() != fingerprint.words(was).tolist()
    wide = cut(language, FUNCTIONS[language].replace(", ", ",  ").replace(" = ", "  =  "))
    assert fingerprint.exact(wide.fingerprint) == fingerprint.exact(was)


@EACH
def test_another_callee_is_another_code(language: str) -> None:
    was, now = printed(language), printed(language, ("notify", "forget"))
    assert fingerprint.size(was) == fingerprint.size(now)
    different = fingerprint.codes(was) != fingerprint.codes(now)
    assert 1 <= different.sum() <= 2, language
    same = fingerprint.blind(fingerprint.codes(was)) == fingerprint.blind(fingerprint.codes(now))
    assert same.all()


@pytest.mark.parametrize("language", sorted(FUNCTIONS.keys() - {"sql", "bash"}))
def test_renamed_variables_and_other_literals_change_no_code(language: str) -> None:
    was = printed(language)
    name = "Settle" if re.search(r"\bSettle\b", FUNCTIONS[language]) else "settle"
    edits = [("total", "amount"), ("limit", "orders"), ("17", "4"), (name, name[:-1])]
    now = printed(language, *edits)
    assert fingerprint.codes(now).tolist() == fingerprint.codes(was).tolist()
    assert fingerprint.renamed(now) == fingerprint.renamed(was)
    assert fingerprint.exact(now) != fingerprint.exact(was)


def test_names_that_were_swapped_are_a_difference() -> None:
    text = FUNCTIONS["python"]
    swapped = text.replace("notify(total, each)", "notify(each, total)")
    one, other = (cut("python", t).fingerprint for t in (text, swapped))
    assert fingerprint.codes(one).tolist() == fingerprint.codes(other).tolist()
    assert fingerprint.renamed(one) != fingerprint.renamed(other)


def test_indentation_is_a_token_where_it_means_something() -> None:
    text = FUNCTIONS["python"].replace("    return total", "        return total")
    one, other = (cut("python", t).fingerprint for t in (text, FUNCTIONS["python"]))
    assert fingerprint.exact(one) != fingerprint.exact(other)


def test_a_docstring_is_no_token_and_other_strings_are() -> None:
    text = FUNCTIONS["python"]
    documented = text.replace("    # once", '    """Settles."""\n    # once')
    said = text.replace("    total = 17", '    total = 17\n    "not a doc"')
    plain, doc, string = (cut("python", t).fingerprint for t in (text, documented, said))
    assert fingerprint.exact(doc) == fingerprint.exact(plain)
    assert fingerprint.size(string) == fingerprint.size(plain) + 1


def test_decorators_are_no_tokens() -> None:
    plain, decorated = (
        cut("python", t).fingerprint
        for t in (FUNCTIONS["python"], "@cached\n" + FUNCTIONS["python"].lstrip())
    )
    assert fingerprint.exact(plain) == fingerprint.exact(decorated)


@EACH
def test_a_signature_is_no_body(language: str) -> None:
    made = printed(language)
    whole = {"sql", "haskell"}  # there a body is not set off
    if language in whole:
        assert 0 < fingerprint.body(made) <= fingerprint.size(made)
    else:
        assert 0 < fingerprint.body(made) < fingerprint.size(made)


def test_a_declaration_has_no_body() -> None:
    text = (
        "interface A {\n  /** Doc. */\n  <K, V> Map<K, V> join(List<K> keys, List<V> values);\n}\n"
    )
    assert fingerprint.body(cut("java", text).fingerprint) == 0


def test_a_tiny_function_and_a_class_have_no_fingerprint() -> None:
    file = SourceFile("a.py", "def f(x):\n    return x\n\n\nclass A:\n    b = 1\n", "", "python")
    assert [c.fingerprint for c in chunk(file)] == [b"", b""]


@EACH
def test_tokens_are_where_they_are_said_to_be(language: str) -> None:
    text = FUNCTIONS[language].replace("once a day", "einmal täglich 🌞")
    found = cut(language, text)
    lines = text.split("\n")[found.start_line - 1 : found.end_line]
    shown = "\n".join(lines)
    key = found.start_line, found.symbol
    tokens = tokens_of(SourceFile("a", text, "", language), [key])[key]
    assert len(tokens) == fingerprint.size(found.fingerprint)
    assert [shown[a:b] for a, b, _ in tokens] == [t for _, _, t in tokens]
    line, column = fingerprint.place(found.fingerprint)
    assert lines[line][column:].startswith(tokens[0][2])


@EACH
def test_what_is_known_of_another_version_is_taken_where_nothing_changed(language: str) -> None:
    text = FUNCTIONS[language]
    was = cut(language, text)
    lines = text.split("\n")[was.start_line - 1 : was.end_line]
    mark = b"as known" + was.fingerprint[8:]
    known = {(was.symbol, "\n".join(lines)): mark}

    def again(text: str) -> bytes:
        found = chunk(SourceFile("b", text, "", language), known)
        return next(c.fingerprint for c in found if c.fingerprint)

    if languages.grammar(language).parser:
        assert again(text) == mark
    edited = re.sub(r"\bnotify\b", "forget", text)
    assert again(edited) == cut(language, edited).fingerprint


ROLES = st.sampled_from(list(Role))
WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


@given(st.lists(st.tuples(WORDS, ROLES), max_size=40), st.lists(st.text(max_size=20), max_size=3))
def test_a_fingerprint_can_be_read_back(tokens: list[tuple[str, Role]], remarks: list[str]) -> None:
    made = fingerprint.of(tokens, remarks, body=len(tokens) // 2, line=3, column=70_000, height=9)
    assert fingerprint.size(made) == len(tokens) == len(fingerprint.codes(made))
    assert fingerprint.body(made) == len(tokens) // 2
    assert fingerprint.place(made) == (3, 65_535)
    assert fingerprint.last_line(made) == 12
    assert len(fingerprint.words(made)) == len(tokens) + sum(
        len(re.findall(r"\w+", remark)) for remark in remarks
    )
    codes = fingerprint.codes(made).tolist()
    for (text, role), code in zip(tokens, codes, strict=True):
        assert (code >= 0x8000) == (role is Role.NAME)
        assert (code == 0) == (role is Role.LITERAL)
        assert (code == 1) == (role is Role.LOCAL)
        assert code == codes[tokens.index((text, role))]
