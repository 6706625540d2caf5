import type { Mode, SearchParams, Tests } from "../protocol";

/** What the form of the search view holds. */
export interface Question {
  query: string;
  mode: Mode;
  /** A language's name; empty: any. */
  language: string;
  /** Globs, separated by commas; `!` excludes. */
  path: string;
  tests: Tests;
}

export function searchParams(question: Question, topK: number): SearchParams {
  const globs = question.path.split(",").map((glob) => glob.trim()).filter(Boolean);
  return {
    query: question.query.trim(),
    mode: question.mode,
    tests: question.tests,
    topK,
    ...(globs.length > 0 && { globs }),
    ...(question.language && { languages: [question.language] }),
  };
}
