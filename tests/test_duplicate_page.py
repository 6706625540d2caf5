"""The report's page, looked at in a real browser: what it shows, and that nothing else happens."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from codesearch.model import Copy, Duplicate, DuplicateReport, IndexState, Place, Rule, Unused
from codesearch.report import wire
from codesearch.report.page import page

MADE = datetime(2026, 3, 14, 9, 26, tzinfo=UTC)

LOAD = '''\
    def load_config(path, limit=10):
        """The settings in a file."""
        if not path.exists():
            return Config(limit)
        return parse(path)'''
READ = """\
def read_settings(file, limit=10):
    # None is no error.
    if not file.exists():
        return Config(limit)
    log(file)
    return parse(file)"""
SUM = """\
function sum(list) {
  let total = 0;
  for (const n of list) total += n;
  return total;
}"""


def place(
    path: str, symbol: str = "load", text: str = LOAD, line: int = 10, language: str = "python"
) -> Place:
    end = line + text.count("\n")
    return Place(path, language, symbol, line, end, 50, text, line)


def copy(own: Place, other: Place, rule: Rule = "CS003", likeness: float = 0.9) -> Copy:
    """With the words that differ, as the search for duplicates would say them."""
    word = r'(?s:""".*?""")|#[^\n]*|\w+|[^\w\s]'
    found = [re.finditer(word, p.text) for p in (own, other)]
    left, right = (
        [m for m in all_words if not m[0].startswith(('"""', "#"))] for all_words in found
    )
    match = SequenceMatcher(None, [m[0] for m in left], [m[0] for m in right], autojunk=False)

    def span(words: list[re.Match[str]], start: int, end: int) -> tuple[int, int]:
        return (words[start].start(), words[end - 1].end()) if start < end else (0, 0)

    differences = [
        (span(left, a, b), span(right, c, d))
        for kind, a, b, c, d in match.get_opcodes()
        if kind != "equal"
    ]
    return Copy(other, rule, likeness, differences)


def finding(own: Place, *copies: Copy) -> Duplicate:
    severity = {"CS001": "error", "CS002": "error", "CS003": "warning", "CS004": "note"}
    rule = copies[0].rule
    return Duplicate(rule, severity[rule], own, copies, "0" * 32)  # type: ignore[arg-type]


def report(*findings: Duplicate, **more: Any) -> DuplicateReport:
    return DuplicateReport("all", findings, 40, 400, IndexState.FRESH, 0, 1.5, **more)


A = place("src/config/load.py", "load_config", line=10)
B = place("src/io/read.py", "read_settings", READ, line=200)
C = place("src/io/again.py", "load_config", LOAD, line=30)
D = place("src/io/read.py", "read_more", READ, line=300)
JS = place("web/sum.js", "sum", SUM, line=1, language="javascript")
JS2 = place("web/more/total.js", "total", SUM, line=7, language="javascript")
HINT = place("web/hint.py", "hint", READ, line=3)
FINDINGS = [
    finding(A, copy(A, C, "CS001", 1.0), copy(A, B, "CS003", 0.84)),
    finding(JS, copy(JS, JS2, "CS002", 0.97)),
    finding(HINT, copy(HINT, D, "CS004", 0.61)),
]
LINES = {
    A.path: 20,
    B.path: 100,
    C.path: 5,
    JS.path: 25,
    JS2.path: 50,
    HINT.path: 100,
    "src/x.py": 100,
}
REPORT = report(*FINDINGS, lines=LINES)


class Seen:
    """A page in the browser, and what it said and asked for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))


Show = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with this module: while it is open, other tests can't run event loops."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.fail("no browser to look at the page with: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@pytest.fixture
def look(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Seen]]:
    """Opens markup in the browser."""
    contexts = []

    def look(markup: str, **options: Any) -> Seen:
        file = tmp_path / "report.html"
        file.write_text(markup, encoding="utf-8")
        contexts.append(browser.new_context(**options))
        contexts[-1].set_default_timeout(20_000)
        seen = Seen(contexts[-1].new_page())
        seen.page.goto(file.as_uri())
        return seen

    yield look
    for context in contexts:
        context.close()


@pytest.fixture
def show(look: Callable[..., Seen]) -> Iterator[Show]:
    """Opens a report; whatever the test did, the page must have kept silent and to itself."""
    all_seen: list[Seen] = []

    def show(
        shown: DuplicateReport = REPORT,
        earlier: Sequence[Mapping[str, Any]] = (),
        title: str = "shop",
        **options: Any,
    ) -> Page:
        all_seen.append(look(page(shown, title=title, made=MADE, earlier=earlier), **options))
        return all_seen[-1].page

    yield show
    for seen in all_seen:
        assert seen.said == []
        assert seen.asked == [seen.page.url]
        assert seen.page.evaluate("performance.getEntriesByType('resource').length") == 0
        assert seen.page.evaluate("window.pwned") is None


def symbols(page: Page) -> list[str]:
    return page.locator("#list .spot:first-child b").all_inner_texts()


def unfold(page: Page, symbol: str = "load_config") -> Locator:
    found = page.locator("#list details", has=page.locator(f"h3 b:text-is('{symbol}')")).first
    found.locator("summary").click()
    expect(found.locator(".side")).to_have_count(2)
    return found


def corner(shown: Locator, text: str) -> tuple[float, float]:
    box = shown.locator(".line", has_text=text).bounding_box()
    assert box
    return box["x"], box["y"]


# -- the page as a whole -----------------------------------------------------------------


def test_nothing_but_its_own_script_may_run() -> None:
    markup = page(REPORT, title="shop", made=MADE)
    (script,) = re.findall(r'<script type="module">(.*?)</script>', markup, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', markup)
    assert policy.startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{digest}';" in policy
    assert "//" not in re.sub(r"(?m)^\s*//.*$|; // .*$", "", script)  # no address


def test_what_the_other_tests_rely_on_is_noticed(look: Callable[..., Seen]) -> None:
    """A request, a script from elsewhere and a handler would each be seen."""
    markup = page(REPORT, title="shop", made=MADE)
    bad = '<img src="x.png" onerror="window.pwned=1"><script>window.pwned=1</script>'
    seen = look(markup.replace("</main>", bad + "</main>"))
    assert sum("Content Security Policy" in text for text in seen.said) >= 2
    assert seen.page.evaluate("window.pwned") is None
    free = look(re.sub(r"<meta http-equiv[^>]*>", "", markup).replace("</main>", bad + "</main>"))
    assert any(url.endswith("x.png") for url in free.asked)
    assert free.page.evaluate("window.pwned") == 1


def test_the_numbers_that_count(show: Show) -> None:
    shown = show()
    tiles = {
        name: shown.locator("dt", has_text=name).locator("xpath=..").inner_text().split("\n")[1:]
        for name in shown.locator("dt").all_inner_texts()
    }
    assert tiles == {
        "Findings": ["3", "1 exact, 1 renamed, 1 similar purpose"],
        "Functions involved": ["7", "of 400 compared"],
        "Lines that could go": ["16", "if one of each group stayed"],
        "Share of all lines": ["4.0 %", "of 400 lines of functions"],
    }
    assert shown.title() == "shop: duplicate functions"
    assert "2026-03-14 09:26 UTC" in shown.locator("header.top").inner_text()


def test_numbers_are_those_of_the_json_document(show: Show) -> None:
    known = report(*FINDINGS[:2], lines=LINES)
    summary = wire.duplicates(known, root="/r", made=MADE)["summary"]
    values = show(known).locator("dd.value").all_inner_texts()
    assert values[:3] == [str(summary[k]) for k in ("findings", "functions", "duplicated_lines")]


def test_copies_that_are_not_shown_count(show: Show) -> None:
    many = replace(
        FINDINGS[0], beyond=[Copy(replace(C, start_line=n), "CS001", 1.0) for n in (1, 2)]
    )
    shown = show(report(many, lines=LINES))
    assert "and 3 more" in shown.locator("#list summary").inner_text()
    values = shown.locator("dd.value").all_inner_texts()
    summary = wire.duplicates(report(many), root="/r", made=MADE)["summary"]
    assert values[1:3] == [str(summary[k]) for k in ("functions", "duplicated_lines")]
    assert values[1] == "5"


def test_notes_stand_at_the_end_and_the_first_also_on_top(show: Show) -> None:
    unused = [Unused("src/<b>.py", 7, ("CS003",)), Unused("src/c.py", 9, ())]
    shown = show(
        replace(REPORT, warnings=["<i>odd</i>"], complete=False, unused=unused, accepted=2)
    )
    assert "The time allowed was over" in shown.locator(".notice").inner_text()
    assert shown.locator(".notice").get_by_role("link").inner_text() == "and 1 more"
    assert shown.locator("#notes li").all_inner_texts() == [
        "The time allowed was over before everything was compared.",
        "<i>odd</i>",
        "2 findings accepted by the baseline.",
        "src/<b>.py:7: CS003",
        "src/c.py:9: all rules",
    ]


def test_a_report_without_findings_says_so(show: Show) -> None:
    shown = show(report())
    expect(shown.get_by_text("No duplicates among 40 functions.")).to_be_visible()
    expect(shown.locator("#filter, #map, #notes, #trend").filter(visible=True)).to_have_count(0)


# -- the list ----------------------------------------------------------------------------


def test_findings_are_sorted_as_asked(show: Show) -> None:
    shown = show()
    assert symbols(shown) == ["load_config", "sum", "hint"]  # 11 lines, 5, none
    shown.get_by_label("Sort by").select_option("path")
    assert symbols(shown) == ["load_config", "hint", "sum"]
    shown.get_by_label("Language").select_option("python")
    shown.get_by_label("Sort by").select_option("likeness")
    assert symbols(shown) == ["load_config", "hint"]


def test_filters_narrow_together(show: Show) -> None:
    shown = show()
    text, count = shown.get_by_label("Path or name"), shown.locator("#count")
    expect(count).to_have_text("3 findings")
    text.fill("io/ READ")  # in copies too, whatever the case
    assert symbols(shown) == ["load_config", "hint"]
    expect(count).to_have_text("2 of 3 findings")
    shown.get_by_label("exact").uncheck()
    assert symbols(shown) == ["hint"]
    shown.get_by_label("Language").select_option("javascript")
    assert symbols(shown) == []
    expect(shown.get_by_text("No finding is left by this choice.")).to_be_visible()
    text.fill("")
    assert symbols(shown) == ["sum"]


def test_a_finding_opens_to_both_functions_face_to_face(show: Show) -> None:
    shown = show()
    found = unfold(shown)
    assert found.locator(".said").inner_text().split(" \u00b7 ")[:3] == [
        "CS001 exact",
        "error",
        "100 % alike",
    ]
    found.get_by_role("tab").nth(1).click()
    assert "CS003 near" in found.locator(".said").inner_text()
    left, right = found.locator(".side").all()
    assert left.get_attribute("aria-label") == "src/config/load.py:10"
    assert right.get_attribute("aria-label") == "src/io/read.py:200"
    assert left.locator("mark").all_inner_texts() == ["load_config", "path", "path", "path"]
    marked = ["read_settings", "file", "file", "log(file)", "file"]
    assert right.locator("mark").all_inner_texts() == marked
    # The same line has the same height on both sides; what is on one side alone faces a gap.
    assert corner(left, "return Config")[1] == corner(right, "return Config")[1]
    assert corner(left, "return parse")[1] == corner(right, "return parse")[1]
    assert corner(left, "return parse")[0] < corner(right, "return parse")[0]
    expect(left.locator(".line.absent")).to_have_count(1)
    numbers = [line.get_attribute("data-line") for line in right.locator(".line[data-line]").all()]
    assert numbers == [str(n) for n in range(200, 206)]
    # Coloured, and without the margin that all lines share.
    assert left.locator(".k").first.inner_text() == "def"
    assert left.locator(".s").inner_text() == '"""The settings in a file."""'
    assert left.locator("code").first.inner_text().startswith("def load_config")


def test_what_one_side_has_alone_faces_a_gap_and_margins_are_not_marked(show: Show) -> None:
    less = "def a():\n    first()\n    last()"
    more = "def a():\n    first()\n    one()\n    two()\n    last()"
    start, end = more.index("\n    one"), more.index("\n    last")
    own, other = place("a.py", "a", more), place("b.py", "b", less)
    gap = len(less) - len("\n    last()")
    found = unfold(
        show(report(finding(own, Copy(other, "CS003", 0.7, [((start, end), (gap, gap))])))), "a"
    )
    left, right = found.locator(".side").all()
    assert left.locator("mark").all_inner_texts() == ["one()", "two()"]
    assert [line.inner_text() for line in right.locator(".line").all()][2:4] == ["", ""]
    assert corner(left, "last()")[1] == corner(right, "last()")[1]
    expect(right.locator(".line.absent")).to_have_count(2)
    expect(left.locator(".line.absent")).to_have_count(0)


def test_copies_are_tabs(show: Show) -> None:
    found = unfold(show())
    tabs = found.get_by_role("tab")
    assert [text.split("\n") for text in tabs.all_inner_texts()] == [
        ["load_config", "io/again.py:30, 100 %"],
        ["read_settings", "io/read.py:200, 84 %"],
    ]
    panel = found.get_by_role("tabpanel", name="load_config")
    expect(panel.locator("mark")).to_have_count(0)
    tabs.first.press("ArrowRight")
    expect(tabs.nth(1)).to_be_focused()
    expect(tabs.nth(1)).to_have_attribute("aria-selected", "true")
    expect(
        found.get_by_role("tabpanel", name="read_settings").locator("mark").first
    ).to_be_visible()
    tabs.nth(1).press("Home")
    expect(tabs.first).to_be_focused()
    expect(found.locator("mark")).to_have_count(0)


def test_marks_stand_right_behind_characters_that_count_twice(show: Show) -> None:
    own = place("a.py", "a", "def a():\n    return '\U0001f600\U0001f600', one, '\u00e4'")
    other = place("b.py", "b", "def a():\n    return '\U0001f600\U0001f600', two, '\u00e4'")
    found = unfold(show(report(finding(own, copy(own, other)))), "a")
    assert found.locator("mark").all_inner_texts() == ["one", "two"]
    assert found.locator(".s").first.inner_text() == "'\U0001f600\U0001f600'"


def test_where_a_function_is_can_be_copied(show: Show) -> None:
    shown = show(permissions=["clipboard-read", "clipboard-write"])
    button = unfold(shown).get_by_role("button", name="Copy src/config/load.py:10")
    button.click()
    expect(button).to_have_text("Copied")
    assert shown.evaluate("navigator.clipboard.readText()") == "src/config/load.py:10"


# -- the map -----------------------------------------------------------------------------


def tile(shown: Page, path: str) -> Locator:
    return shown.locator(f'#tiles button[title="{path}"]')


def test_the_map_shows_how_large_and_how_duplicated(show: Show) -> None:
    shown = show()

    def area(name: str) -> float:
        box = tile(shown, name).bounding_box()
        assert box
        return box["width"] * box["height"]

    assert area("src/io/read.py") == pytest.approx(20 * area("src/io/again.py"), rel=0.25)
    assert area("src/x.py") == pytest.approx(4 * area("web/sum.js"), rel=0.25)
    heat = {name: tile(shown, name).get_attribute("class") for name in LINES}
    assert heat == {
        "src/config/load.py": "heat2",  # 5 of 20 lines
        "src/io/read.py": "heat1",
        "src/io/again.py": "heat4",
        "web/sum.js": "heat2",
        "web/more/total.js": "heat1",
        "web/hint.py": "heat0",
        "src/x.py": "heat0",
    }
    expect(tile(shown, "src")).to_have_accessible_name(
        "Folder src: 225 lines, 7 % there more than once, 2 findings"
    )


def test_choosing_on_the_map_narrows_the_list(show: Show) -> None:
    shown = show()
    tile(shown, "src/io/again.py").click()
    assert symbols(shown) == ["load_config"]
    expect(tile(shown, "src/io/again.py")).to_have_attribute("aria-pressed", "true")
    shown.get_by_role("button", name="Only in src/io/again.py").click()
    expect(shown.locator("#count")).to_have_text("3 findings")
    tile(shown, "web").click()
    assert symbols(shown) == ["sum", "hint"]
    expect(tile(shown, "src/x.py")).to_have_count(0)
    shown.locator("#crumbs").get_by_role("button", name="all files").click()
    expect(tile(shown, "src/x.py")).to_have_count(1)
    expect(shown.locator("#count")).to_have_text("3 findings")


# -- the trend ---------------------------------------------------------------------------


def earlier(days: int, findings: Any, duplicated: Any, lines: Any) -> dict[str, Any]:
    made = (MADE - timedelta(days=days)).isoformat().replace("+00:00", "Z")
    summary = {"findings": findings, "duplicated_lines": duplicated, "lines": lines}
    return {"schema": "codesearch.duplicates/1", "made": made, "summary": summary}


def test_the_trend_ends_with_today(show: Show) -> None:
    bad: list[Any] = [
        {**earlier(1, 1, 1, 10), "schema": "codesearch.search/1"},
        {**earlier(2, 1, 1, 10), "made": "<script>"},
        earlier(3, "<script>", 1, 10),
        earlier(4, 1, 20, 10),
        earlier(5, 1, 0, 0),
        earlier(-1, 1, 1, 10),
        {"schema": "codesearch.duplicates/1"},
    ]
    shown = show(earlier=[*bad, earlier(7, 9, 40, 400), earlier(30, 6, 20, 400)])
    dots = [
        [dot.text_content() for dot in chart.locator(".dot").all()]
        for chart in shown.locator(".chart").all()
    ]
    assert dots == [
        ["2026-02-12: 5.0 %", "2026-03-07: 10.0 %", "2026-03-14: 4.0 %"],
        ["2026-02-12: 6", "2026-03-07: 9", "2026-03-14: 3"],
    ]
    assert shown.locator(".run").first.get_attribute("d") == "M0.00,50.00 76.67,0.00 100.00,60.00"
    expect(
        shown.get_by_role("img", name="Findings: 6 on 2026-02-12, 3 on 2026-03-14")
    ).to_be_visible()


def test_there_is_no_trend_of_one_run(show: Show) -> None:
    expect(show(earlier=[{}]).locator("#trend")).to_have_count(0)


# -- whatever a repository holds ---------------------------------------------------------

HOSTILE = [
    "<script>window.pwned=1</script>",
    '"><img src=x onerror=window.pwned=1>',
    "</script><script>window.pwned=1</script>",
    "<!--<script>",
    "'\"`${window.pwned=1}{{data}}",
    "javascript:window.pwned=1",
    "\ud800half\udc80",
    "\u202egnp.exe\x1b[31m\x00\u2028",
    "__proto__",
]


def hostile(bad: str) -> DuplicateReport:
    own = place(f"{bad}/{bad}", bad, f"{bad}\n  {bad} one", language=bad)
    other = place(f"{bad}/b", bad, f"{bad}\n  {bad} two", line=20)
    at = len(own.text) - 3
    near = Copy(other, "CS003", 0.9, [((at, at + 3), (at, at + 3))])
    exact = Copy(place("c", bad, bad), "CS001", 1.0)
    unused = [Unused(bad, 1, (bad,))]
    lines = {own.path: 10, other.path: 20, "c": 3, "toString/constructor": 5}
    return report(finding(own, near, exact), lines=lines, unused=unused, warnings=[bad])


@pytest.mark.parametrize("bad", HOSTILE)
def test_hostile_names_and_code_stay_text(show: Show, bad: str) -> None:
    shown = show(hostile(bad), title=bad)
    found = shown.locator("#list details")
    found.locator("summary").click()
    expect(found.locator("mark").first).to_have_text("one")
    first = found.locator(".line code").first.inner_text().rstrip("\n")
    # What can't be shown as it is, is shown as an escape.
    wanted = re.sub("[\ud800-\udfff\u202e\x1b\x00\u2028]", lambda m: f"\\u{ord(m[0]):04x}", bad)
    assert first == wanted
    for tab in found.get_by_role("tab").all():
        tab.click()
    shown.locator("#tiles button").first.click()
    expect(shown.locator("#where")).to_be_visible()
    expect(shown.locator("img, iframe, object, embed, base, a[href^=javascript]")).to_have_count(0)


class Elements(HTMLParser):
    """The elements of a page, with the names of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(name for name, _ in attrs)))


@settings(max_examples=50, deadline=None)
@given(st.text(st.sampled_from("<>/!-\"'&;=`{}\n\0 \ud83dscriptmage\u202e"), min_size=1))
def test_no_text_becomes_markup(bad: str) -> None:
    def elements(text: str) -> list[tuple[str, tuple[str, ...]]]:
        made = page(hostile(text), title=text, made=MADE)
        made.encode("utf-8")
        parser = Elements()
        parser.feed(made)
        return parser.seen

    assert elements(bad) == elements("harmless")


# -- for everyone ------------------------------------------------------------------------


def test_the_keyboard_is_enough(show: Show) -> None:
    shown = show(permissions=["clipboard-read", "clipboard-write"])

    def tab_to(wanted: str) -> None:
        for _ in range(40):
            shown.keyboard.press("Tab")
            focused = shown.locator(":focus")
            assert focused.evaluate("e => getComputedStyle(e).outlineStyle") != "none"
            if focused.evaluate("(e, wanted) => e.matches(wanted)", wanted):
                return
        pytest.fail(f"no Tab leads to {wanted}")

    tab_to("#tiles button")
    shown.keyboard.press("ArrowDown")
    shown.keyboard.press("ArrowRight")
    assert shown.locator("#tiles :focus").count() == 1
    tab_to("#text")  # the map was one stop
    tab_to("summary")
    shown.keyboard.press("Enter")
    expect(shown.locator("details[open] .side")).to_have_count(2)
    tab_to("[role=tab]")
    shown.keyboard.press("ArrowRight")
    tab_to(".side header button")
    shown.keyboard.press("Enter")
    expect(shown.locator("#said")).to_have_text("Copied src/config/load.py:10")
    assert shown.evaluate("navigator.clipboard.readText()") == "src/config/load.py:10"


def test_arrows_go_where_they_point(show: Show) -> None:
    shown = show()
    tile(shown, "src/io/read.py").focus()
    before = shown.locator(":focus").bounding_box()
    for key, axis, sign in (("ArrowRight", "x", 1), ("ArrowLeft", "x", -1), ("ArrowDown", "y", 1)):
        shown.keyboard.press(key)
        after = shown.locator(":focus").bounding_box()
        assert before
        assert after
        middle = {"x": "width", "y": "height"}[axis]
        moved = (after[axis] + after[middle] / 2) - (before[axis] + before[middle] / 2)  # type: ignore[literal-required]
        assert sign * moved > 0, key
        before = after
    expect(shown.locator("#tiles [tabindex='0']")).to_have_count(1)
    expect(shown.locator("#about")).to_contain_text(" lines, ")


CONTRAST = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = numbers(colour).map((n) => n / 255)
      .map((n) => (n <= 0.03928 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
  };
  const out = [];
  const weigh = (element, colour) => {
    const [a, b] = [light(colour), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    out.push([ratio, `${element.className} ${element.textContent.slice(0, 40)}`]);
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.checkVisibility()) continue;
    weigh(element, getComputedStyle(element).color);
  }
  for (const line of document.querySelectorAll(".line[data-line]")) {
    weigh(line, getComputedStyle(line, "::before").color);
  }
  return out.sort((a, b) => a[0] - b[0]);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_contrast_in_both_themes(show: Show, scheme: Any) -> None:
    text = (
        "@a\nclass A:\n    def f(self):\n        # why\n        return len('a') + 12 \u202e or None"
    )
    bright = place("a.py", "a", text)
    lines = {**LINES, "a.py": 6, "b.py": 40, "c.py": 15, "d.py": 10}
    whole = [((0, len(text)), (0, len(text)))]
    marked = finding(bright, Copy(replace(bright, path="b.py"), "CS003", 0.5, whole))
    plain = finding(replace(bright, path="c.py"), Copy(replace(bright, path="d.py"), "CS001", 1))
    shown = show(
        report(*FINDINGS, marked, plain, lines=lines, warnings=["odd"]),
        earlier=[earlier(7, 1, 1, 10)],
        color_scheme=scheme,
    )
    for summary in shown.locator("summary").all():
        summary.click()
    expect(shown.locator(".side")).to_have_count(10)
    measured = shown.evaluate(CONTRAST)
    assert len(measured) > 200
    assert [(ratio, what) for ratio, what in measured if ratio < 4.5] == []


def test_the_theme_follows_the_system_until_it_is_switched(show: Show) -> None:
    def background() -> str:
        return str(shown.evaluate("getComputedStyle(document.body).backgroundColor"))

    shown = show(color_scheme="dark")
    dark = background()
    shown.emulate_media(color_scheme="light")
    light = background()
    assert light != dark
    shown.get_by_role("button", name="Dark theme").click()
    assert background() == dark
    shown.get_by_role("button", name="Light theme").click()
    shown.emulate_media(color_scheme="dark")
    assert background() == light


def test_a_phone_shows_code_one_under_the_other_and_scrolls_down_only(show: Show) -> None:
    long = f"def a():\n    return {'x' * 300}"
    deep = "/".join(["a-folder-with-a-long-name"] * 8)
    own = place(f"{deep}/a.py", "A" * 200, long)
    other = place(f"{deep}/b.py", "B" * 200, long + "\n    # more")
    shown = show(
        report(
            finding(own, copy(own, other), copy(own, other)), lines={own.path: 3, other.path: 4}
        ),
        earlier=[earlier(7, 1, 1, 10)],
        title="W" * 100,
        viewport={"width": 360, "height": 740},
    )
    found = unfold(shown, own.symbol)
    left, right = found.locator(".side").all()
    first, second = left.bounding_box(), right.bounding_box()
    assert first
    assert second
    assert second["y"] >= first["y"] + first["height"]
    assert shown.evaluate("document.documentElement.scrollWidth") == 360
    cut = (
        "[...document.querySelectorAll('.line')].filter(e => e.scrollWidth > e.clientWidth).length"
    )
    assert shown.evaluate(cut) == 0


def test_everything_has_a_name_and_ids_are_unique(show: Show) -> None:
    shown = show(replace(REPORT, warnings=["odd"]), earlier=[earlier(7, 1, 1, 10)])
    for summary in shown.locator("summary").all():
        summary.click()
    expect(shown.locator(".side")).to_have_count(6)
    ids = shown.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    pointed = shown.evaluate(
        "['aria-labelledby', 'aria-controls'].flatMap(a =>"
        " [...document.querySelectorAll(`[${a}]`)].map(e => e.getAttribute(a)))"
    )
    assert set(pointed) <= set(ids)
    for one in shown.locator(
        "button:visible, input:visible, select:visible, summary:visible"
    ).all():
        expect(one).to_have_accessible_name(re.compile(r"\w"))
    levels = shown.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(e => +e.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(levels, levels[1:], strict=False))
    for landmark in ("banner", "main", "contentinfo", "search", "navigation"):
        expect(shown.get_by_role(landmark)).to_have_count(1)


def test_nothing_moves_for_whom_it_should_not(show: Show) -> None:
    how = "getComputedStyle(document.querySelector('summary'), '::before').transitionDuration"
    shown = show(reduced_motion="no-preference")
    assert shown.evaluate(how) == "0.12s"
    shown.emulate_media(reduced_motion="reduce")
    assert shown.evaluate(how) == "0s"


# -- large, and on paper -----------------------------------------------------------------


@pytest.fixture(scope="module")
def large() -> DuplicateReport:
    def one(n: int) -> Duplicate:
        own = place(f"src/p{n % 40}/m{n % 400}.py", f"load_{n}", line=n + 1)
        other = place(f"src/q{n % 30}/m{n % 300}.py", f"read_{n}", READ, line=n + 1)
        return finding(own, copy(own, other, likeness=0.6 + n / 10_000))

    findings = [one(n) for n in range(2_000)]
    lines = {p.path: 200 for f in findings for p in (f.place, f.best.place)}
    return report(*findings, lines=lines)


def test_two_thousand_findings_open_fast_and_can_be_used(
    show: Show, large: DuplicateReport
) -> None:
    shown = show(large)
    took = shown.evaluate(
        "(([n]) => n.domContentLoadedEventEnd - n.domContentLoadedEventStart)"
        "(performance.getEntriesByType('navigation'))"
    )
    assert took < 5_000  # milliseconds; a twentieth of it on an idle machine
    expect(shown.locator("#count")).to_have_text("2,000 findings")
    rows = shown.locator("#list > li")
    assert rows.count() <= 200
    shown.locator("#more").scroll_into_view_if_needed()
    expect(rows.nth(150)).to_be_attached()
    shown.get_by_label("Sort by").select_option("likeness")
    assert symbols(shown)[:2] == ["load_1999", "load_1998"]
    shown.get_by_label("Path or name").fill("load_777")
    assert symbols(shown) == ["load_777"]
    expect(unfold(shown, "load_777").locator("mark")).to_have_count(9)


def test_paper_gets_all_findings_in_light_and_no_controls(
    show: Show, large: DuplicateReport
) -> None:
    shown = show(large, color_scheme="dark")
    shown.get_by_label("Path or name").fill("load_1")
    assert shown.locator("#list > li").count() <= 200
    shown.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(shown.locator("#list > li")).to_have_count(1_111)
    shown.emulate_media(media="print")
    expect(shown.locator("#filter, #theme, #more").filter(visible=True)).to_have_count(0)
    colour = shown.evaluate("getComputedStyle(document.body).color")
    shown.emulate_media(media="screen", color_scheme="light")
    assert shown.evaluate("getComputedStyle(document.body).color") == colour
