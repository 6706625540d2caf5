import type { Answers, Hit, SearchAnswer } from "../protocol";

/** The answers of all repositories that were asked, as one. */
export interface Answer {
  hits: Hit[];
  /** Whether there were more. */
  truncated: boolean;
  warnings: string[];
  tookMs: number;
}

/** Merges by score; where scores are equal, what came first stays first. */
export function merge(given: Answers<SearchAnswer>, limit: number): Answer {
  const { answers } = given;
  const all = answers.flatMap((answer) => answer.results).sort((a, b) => b.score - a.score);
  return {
    hits: all.slice(0, limit),
    truncated: all.length > limit || answers.some((answer) => answer.truncated),
    warnings: warningsOf(given),
    tookMs: Math.max(0, ...answers.map((answer) => answer.took_ms)),
  };
}

/** What has to be known of answers, each once: which folders are not among them, and what these say. */
export function warningsOf({ answers, failures = [] }: Answers<{ warnings: string[] }>): string[] {
  const failed = failures.map(({ folder, message }) => `${folder}: ${message}`);
  return [...new Set([...failed, ...answers.flatMap(({ warnings }) => warnings)])];
}

/** The hits of one file, in their order. */
export interface FileHits {
  uri: string;
  path: string;
  hits: Hit[];
}

/** Files in the order of their best hits. */
export function byFile(hits: readonly Hit[]): FileHits[] {
  const files = new Map<string, FileHits>();
  for (const hit of hits) {
    const file = files.get(hit.uri) ?? { uri: hit.uri, path: hit.path, hits: [] };
    file.hits.push(hit);
    files.set(hit.uri, file);
  }
  return [...files.values()];
}
