import type { Mode, Tests } from "../protocol";
import type { Question } from "./question";

/** What the page of the search view says. */
export type FromPage =
  | { type: "ready"; question: Question }
  /** As one types: answered only where that costs nothing. */
  | { type: "typed"; question: Question }
  | { type: "entered"; question: Question }
  /** The nth result of the answer shown: a number, so that no page can name a file. */
  | { type: "openResult"; index: number }
  | { type: "focusResults" };

/** What the page is told. */
export type ToPage =
  | { type: "history"; history: readonly string[] }
  | { type: "languages"; languages: readonly string[] }
  | { type: "defaults"; tests: Tests }
  /** The line under the form: what is going on, or went wrong. */
  | { type: "notice"; text: string; isError: boolean; enabled: boolean }
  /** For eyes and screen readers: how many results there are. */
  | { type: "announce"; text: string }
  /** The cursor goes into the box; a query that comes with it is asked. */
  | { type: "focus"; query?: string };

const MODES: readonly Mode[] = ["hybrid", "semantic", "lexical"];
const TESTS: readonly Tests[] = ["demote", "include", "exclude", "only"];
const LONGEST = 100_000;

/** A message of the page, or undefined if it is none that we know. */
export function readMessage(message: unknown): FromPage | undefined {
  if (!isObject(message)) return undefined;
  const { type } = message;
  switch (type) {
    case "ready":
    case "typed":
    case "entered": {
      const question = readQuestion(message.question);
      return question && { type, question };
    }
    case "openResult": {
      const { index } = message;
      return typeof index === "number" && Number.isInteger(index) && index >= 0
        ? { type, index }
        : undefined;
    }
    case "focusResults":
      return { type };
    default:
      return undefined;
  }
}

function readQuestion(value: unknown): Question | undefined {
  if (!isObject(value)) return undefined;
  const { query, language, path } = value;
  const mode = MODES.find((known) => known === value.mode);
  const tests = TESTS.find((known) => known === value.tests);
  if (!isText(query) || !isText(language) || !isText(path) || !mode || !tests) return undefined;
  return { query, mode, language, path, tests };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= LONGEST;
}
