// What the server is asked and says. Documents named codesearch.*/1 are those of the command
// line: lines count from 1, paths are relative to `root`. LSP's own types count from 0.

export type Mode = "hybrid" | "semantic" | "lexical";
export type Tests = "demote" | "include" | "exclude" | "only";
export type Kind =
  | "function"
  | "method"
  | "class"
  | "struct"
  | "trait"
  | "interface"
  | "enum"
  | "type"
  | "module"
  | "constant"
  | "macro"
  | "section"
  | "text";

/** A folder, one that is asked for or all of them. */
interface InFolder {
  folder?: string;
}

interface Filters extends InFolder {
  mode?: Mode;
  topK?: number;
  globs?: string[];
  languages?: string[];
  tests?: Tests;
}

export interface SearchParams extends Filters {
  query: string;
}

export type SimilarParams = Filters &
  ({ textDocument: { uri: string }; position: Position } | { code: string });

export interface Position {
  line: number;
  character: number;
}

export interface Range {
  start: Position;
  end: Position;
}

/** A function that answers. */
export interface Hit {
  rank: number;
  path: string;
  uri: string;
  language: string;
  kind: Kind;
  symbol: string;
  signature: string;
  start_line: number;
  end_line: number;
  score: number;
  fresh: boolean;
  relation?: string;
  snippet: string;
  snippet_start_line: number;
  parts: Record<string, number>;
}

/** codesearch.search/1 */
export interface SearchAnswer {
  root: string;
  query: string;
  mode: string;
  took_ms: number;
  index: { state: string; pending_files: number; model: string; backend: string };
  results: Hit[];
  truncated: boolean;
  warnings: string[];
}

/** What the folders say that were asked. */
export interface Answers<T> {
  answers: T[];
  /** The folders that could not answer, if others could. */
  failures?: { folder: string; message: string }[];
}

export type Progressing = "starting" | "indexing" | "updating";

export interface FolderState {
  uri: string;
  name: string;
  root: string;
  state: Progressing | "missing" | "ready" | "failed";
  done: number | null;
  total: number | null;
  files: number | null;
  functions: number | null;
  /** Whether questions leave the machine; null: not known yet. */
  remote: boolean | null;
  message: string;
  hint: string;
  reason: Reason | "";
}

export type Reason = "config" | "backend" | "consent" | "locked" | "store" | "unknown";

/** codesearch.index/1, as far as it is used */
export interface IndexReport {
  root: string;
  files: number;
  chunks: number;
  seconds: number;
  notes: string[];
}

export type Rule = "CS001" | "CS002" | "CS003" | "CS004";

/** A function that a finding names. */
export interface Place {
  path: string;
  uri: string;
  language: string;
  symbol: string;
  start_line: number;
  end_line: number;
  /** Where its name stands. */
  line: number;
  column: number;
  tokens: number;
}

export interface Finding {
  rule: Rule;
  name: string;
  severity: string;
  likeness: number;
  fingerprint: string;
  message: string;
  place: Place;
  other: Place;
  also: Place[];
  more: number;
}

/** codesearch.duplicates/1, as far as it is used */
export interface DuplicatesAnswer {
  root: string;
  mode: string;
  checked: number;
  compared: number;
  complete: boolean;
  suppressed: number;
  accepted: number;
  warnings: string[];
  findings: Finding[];
}

/** A definition in a file. */
export interface Definition {
  symbol: string;
  name: string;
  kind: Kind;
  range: Range;
}

/** codesearch.languages/1 */
export interface Languages {
  languages: { name: string; aliases: string[]; extensions: string[] }[];
}

/** An action of the server's, as LSP has it. */
export interface ServerAction {
  title: string;
  edit?: unknown;
  command?: { title: string; command: string; arguments?: unknown[] };
  diagnostics?: { data?: Finding }[];
  data?: { codesearch?: "open" | "suppress" | "accept" };
}

interface CodeActionParams {
  textDocument: { uri: string };
  range: Range;
  context: { diagnostics: [] };
}

/** Each request with what it takes and gives. */
export interface Requests {
  "codesearch/search": [SearchParams, Answers<SearchAnswer>];
  "codesearch/similar": [SimilarParams, Answers<SearchAnswer>];
  "codesearch/index": [InFolder & { full?: boolean }, { reports: IndexReport[] }];
  "codesearch/clean": [InFolder, { freed: number }];
  "codesearch/duplicates": [
    { scope: "changed" | "all" | "files"; files?: string[] },
    Answers<DuplicatesAnswer>,
  ];
  "codesearch/functions": [{ textDocument: { uri: string } }, { functions: Definition[] }];
  "codesearch/languages": [object, Languages];
  "textDocument/codeAction": [CodeActionParams, ServerAction[] | null];
  "workspace/executeCommand": [{ command: string; arguments?: unknown[] }, unknown];
}

export type Method = keyof Requests;

/** What an error of the server's carries beside its message. */
export interface Trouble {
  hint: string;
  reason: Reason;
}

export interface InitializationOptions {
  indexing: "automatic" | "onDemand";
  duplicates: "open" | "changed" | "off";
  severity: "error" | "warning" | "information" | "hint";
}
