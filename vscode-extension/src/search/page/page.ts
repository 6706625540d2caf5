// The page of the search view: a form, its history, two lines of text. It knows no files and no
// server; what it is told is shown as text, never as markup.
import type { FromPage, ToPage } from "../messages";
import type { Question } from "../question";
import { HistoryList } from "./history";

interface Saved {
  question: Question;
  filtersShown: boolean;
}

declare function acquireVsCodeApi(): {
  postMessage(message: FromPage): void;
  getState(): Saved | undefined;
  setState(state: Saved): void;
};

const TYPING_MS = 150;

const vscode = acquireVsCodeApi();
const saved = vscode.getState();

const form = element("form", HTMLFormElement);
const query = element("query", HTMLTextAreaElement);
const mode = element("mode", HTMLSelectElement);
const tests = element("tests", HTMLSelectElement);
const language = element("language", HTMLSelectElement);
const path = element("path", HTMLInputElement);
const filters = element("filters", HTMLElement);
const showFilters = element("showFilters", HTMLButtonElement);
const notice = element("notice", HTMLElement);
const count = element("count", HTMLElement);
const history = new HistoryList(element("history", HTMLElement), element("showHistory", HTMLButtonElement), {
  choose: (text) => {
    setQuery(text);
    ask("entered");
  },
  leave: () => { query.focus(); },
});

let typing: number | undefined;

function question(): Question {
  return {
    query: query.value,
    mode: mode.value as Question["mode"],
    language: language.value,
    path: path.value,
    tests: tests.value as Question["tests"],
  };
}

/** Filters that are set are seen, even while they are not shown. */
function markFilters(): void {
  const { usual = "demote" } = tests.dataset;
  const isSet = mode.value !== "hybrid" || tests.value !== usual || language.value !== "" || path.value.trim() !== "";
  showFilters.classList.toggle("set", isSet);
  showFilters.ariaDescription = isSet ? showFilters.dataset.whenSet ?? "" : "";
}

function save(): void {
  markFilters();
  vscode.setState({ question: question(), filtersShown: !filters.hidden });
}

function ask(type: "typed" | "entered"): void {
  clearTimeout(typing);
  save();
  vscode.postMessage({ type, question: question() });
}

function askSoon(): void {
  clearTimeout(typing);
  save();
  typing = setTimeout(() => { ask("typed"); }, TYPING_MS);
}

function setQuery(text: string): void {
  query.value = text;
  fit();
}

/** The box is as high as its text. */
function fit(): void {
  query.style.height = "auto";
  query.style.height = `${query.scrollHeight}px`;
}

function setFiltersShown(shown: boolean): void {
  filters.hidden = !shown;
  showFilters.setAttribute("aria-expanded", String(shown));
}

function setLanguages(names: readonly string[]): void {
  const chosen = language.value;
  for (const option of [...language.options].slice(1)) option.remove();
  for (const name of names) language.add(new Option(name, name, false, name === chosen));
  // What was chosen stays, even while the server has not said which languages it knows.
  if (chosen && !names.includes(chosen)) language.add(new Option(chosen, chosen, true, true));
}

function keyInBox(event: KeyboardEvent): void {
  // Enter that ends the composition of a character is not meant for us.
  if (event.isComposing) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    vscode.postMessage({ type: "openResult", index: 0 });
  } else if (event.key === "Enter" && !event.shiftKey) {
    ask("entered");
  } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    const older = event.key === "ArrowUp";
    if (query.value === "" || history.isRecalled(query.value)) {
      setQuery(history.recall(older));
      save();
    } else if (!older && query.selectionEnd === query.value.length) {
      vscode.postMessage({ type: "focusResults" });
    } else {
      return;
    }
  } else {
    return;
  }
  event.preventDefault();
}

function hear(message: ToPage): void {
  switch (message.type) {
    case "history":
      history.show(message.history);
      break;
    case "languages":
      setLanguages(message.languages);
      break;
    case "defaults":
      tests.dataset.usual = message.tests;
      if (!saved) tests.value = message.tests;
      markFilters();
      break;
    case "notice":
      // What went wrong is read out, each percent of an index is not.
      notice.role = message.isError ? "alert" : null;
      notice.textContent = message.text;
      notice.classList.toggle("error", message.isError);
      for (const control of [query, mode, tests, language, path]) control.disabled = !message.enabled;
      break;
    case "announce":
      count.textContent = message.text;
      break;
    case "focus":
      query.focus();
      if (message.query === undefined) {
        query.select();
      } else {
        setQuery(message.query);
        ask("entered");
      }
  }
}

function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${id}`);
  return found;
}

if (saved) {
  const { question: last, filtersShown } = saved;
  setQuery(last.query);
  mode.value = last.mode;
  tests.value = last.tests;
  path.value = last.path;
  if (last.language) language.add(new Option(last.language, last.language, true, true));
  setFiltersShown(filtersShown);
  markFilters();
}
fit(); // what stands in the empty box may need more than a line, too
query.addEventListener("input", () => {
  fit();
  askSoon();
});
path.addEventListener("input", askSoon);
for (const select of [mode, tests, language]) {
  select.addEventListener("change", () => { ask("entered"); });
}
query.addEventListener("keydown", keyInBox);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask("entered");
});
showFilters.addEventListener("click", () => {
  setFiltersShown(filters.hidden === true);
  save();
});
window.addEventListener("resize", fit);
window.addEventListener("focus", () => {
  if (document.activeElement === document.body) query.focus();
});
window.addEventListener("message", ({ data }: MessageEvent<ToPage>) => { hear(data); });
vscode.postMessage({ type: "ready", question: question() });
// Who drives this page waits for it: text that was typed earlier would be lost.
document.body.dataset.ready = "true";
