import type { Finding, FolderState, Hit, Place, SearchAnswer } from "../../src/protocol";

export function hit(changed: Partial<Hit> = {}): Hit {
  return {
    rank: 1,
    path: "src/a.py",
    uri: "file:///workspace/src/a.py",
    language: "python",
    kind: "method",
    symbol: "A.load",
    signature: "def load(self)",
    start_line: 10,
    end_line: 12,
    score: 0.5,
    fresh: true,
    snippet: "def load(self):\n    pass",
    snippet_start_line: 10,
    parts: {},
    ...changed,
  };
}

export function answer(changed: Partial<SearchAnswer> = {}): SearchAnswer {
  return {
    root: "/workspace",
    query: "q",
    mode: "hybrid",
    took_ms: 5,
    index: { state: "fresh", pending_files: 0, model: "m", backend: "local" },
    results: [],
    truncated: false,
    warnings: [],
    ...changed,
  };
}

export function folder(changed: Partial<FolderState> = {}): FolderState {
  return {
    uri: "file:///workspace",
    name: "workspace",
    root: "/workspace",
    state: "ready",
    done: null,
    total: null,
    files: 10,
    functions: 100,
    remote: false,
    message: "",
    hint: "",
    reason: "",
    ...changed,
  };
}

export function place(changed: Partial<Place> = {}): Place {
  return {
    path: "a.py",
    uri: "file:///workspace/a.py",
    language: "python",
    symbol: "A.load",
    start_line: 2,
    end_line: 3,
    line: 2,
    column: 1,
    tokens: 60,
    ...changed,
  };
}

export function finding(changed: Partial<Finding> = {}): Finding {
  return {
    rule: "CS001",
    name: "exact",
    severity: "warning",
    likeness: 1,
    fingerprint: "f",
    message: "'load' is the same as 'read'",
    place: place(),
    other: place({ path: "b.py", uri: "file:///workspace/b.py", symbol: "read" }),
    also: [],
    more: 0,
    ...changed,
  };
}
