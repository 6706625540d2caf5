import { describe, expect, it, vi } from "vitest";
import { l10n, Uri, workspace } from "vscode";
import type { Hit, SearchAnswer } from "../../src/protocol";
import { byFile, merge } from "../../src/search/answers";
import { History } from "../../src/search/history";
import { Latest } from "../../src/search/latest";
import { readMessage } from "../../src/search/messages";
import { searchParams, type Question } from "../../src/search/question";
import { Results } from "../../src/search/results";
import { containerOf, countOf, nameOf } from "../../src/search/words";
import { answer, hit } from "./values";

describe("of several requests only the newest answers", () => {
  const deferred = () => {
    let resolve!: (text: string) => void;
    let reject!: (error: Error) => void;
    const promise = new Promise<string>((...settle) => ([resolve, reject] = settle));
    return { promise, resolve, reject };
  };

  it("although the older one answers last", async () => {
    const latest = new Latest();
    const [older, newer] = [deferred(), deferred()];
    const first = latest.run(() => older.promise);
    const second = latest.run(() => newer.promise);
    newer.resolve("new");
    expect(await second).toBe("new");
    older.resolve("old");
    expect(await first).toBeUndefined();
  });

  it("although the older one answers first", async () => {
    const latest = new Latest();
    const [older, newer] = [deferred(), deferred()];
    const first = latest.run(() => older.promise);
    const second = latest.run(() => newer.promise);
    older.resolve("old");
    expect(await first).toBeUndefined();
    newer.resolve("new");
    expect(await second).toBe("new");
  });

  it("and the older one is cancelled, its failure not heard", async () => {
    const latest = new Latest();
    let cancelled = 0;
    const older = deferred();
    const first = latest.run((token) => {
      token.onCancellationRequested(() => cancelled++);
      return older.promise;
    });
    const second = latest.run(() => Promise.resolve("new"));
    expect(cancelled).toBe(1);
    older.reject(new Error("cancelled"));
    expect(await first).toBeUndefined();
    expect(await second).toBe("new");
  });

  it("whose failure is heard", async () => {
    await expect(new Latest().run(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  });

  it("unless it was cancelled", async () => {
    const latest = new Latest();
    const only = deferred();
    const result = latest.run(() => only.promise);
    latest.cancel();
    only.resolve("late");
    expect(await result).toBeUndefined();
  });
});

describe("answers of several folders", () => {
  const a = answer({ results: [hit({ score: 0.9, uri: "file:///a/1" }), hit({ score: 0.2, uri: "file:///a/2" })] });
  const b = answer({ results: [hit({ score: 0.5, uri: "file:///b/1" }), hit({ score: 0.2, uri: "file:///b/2" })] });
  const uris = (answers: SearchAnswer[], limit = 10) => merge({ answers }, limit).hits.map(({ uri }) => uri);

  it("are merged by score, equal ones in their order", () => {
    expect(uris([a, b])).toEqual(["file:///a/1", "file:///b/1", "file:///a/2", "file:///b/2"]);
    expect(uris([b, a])).toEqual(["file:///a/1", "file:///b/1", "file:///b/2", "file:///a/2"]);
  });

  it("are cut, and say so", () => {
    expect(uris([a, b], 2)).toEqual(["file:///a/1", "file:///b/1"]);
    expect(merge({ answers: [a, b] }, 2).truncated).toBe(true);
    expect(merge({ answers: [a, b] }, 4).truncated).toBe(false);
    expect(merge({ answers: [{ ...a, truncated: true }, b] }, 4).truncated).toBe(true);
  });

  it("say each warning once", () => {
    const warned = { ...a, warnings: ["one"] };
    expect(merge({ answers: [warned, { ...b, warnings: ["one", "two"] }] }, 9).warnings).toEqual(["one", "two"]);
  });

  it("say which folders are not among them", () => {
    const failures = [{ folder: "lib", message: "no room" }];
    const { hits, warnings } = merge({ answers: [{ ...a, warnings: ["one"] }], failures }, 9);
    expect(hits).toHaveLength(2);
    expect(warnings).toEqual(["lib: no room", "one"]);
  });

  it("may be none", () => {
    expect(merge({ answers: [] }, 9)).toEqual({ hits: [], truncated: false, warnings: [], tookMs: 0 });
  });
});

describe("the tree of results", () => {
  const hits = [
    hit({ uri: "file:///w/a.py", path: "a.py", score: 0.9, symbol: "One" }),
    hit({ uri: "file:///w/b.py", path: "b.py", score: 0.8, symbol: "Two" }),
    hit({ uri: "file:///w/a.py", path: "a.py", score: 0.7, symbol: "Three" }),
  ];
  const symbols = (results: Results) => results.nodes.map((node) => node.hit.symbol);

  it("has files in the order of their best hits", () => {
    expect(byFile(hits).map(({ path, hits: own }) => [path, own.length])).toEqual([["a.py", 2], ["b.py", 1]]);
  });

  it("can be a list and a tree again, from the top down each", () => {
    const results = new Results("tree");
    results.show(hits);
    expect(symbols(results)).toEqual(["One", "Three", "Two"]);
    results.arrange("list");
    expect(symbols(results)).toEqual(["One", "Two", "Three"]);
    expect(results.getChildren()).toHaveLength(3);
    results.arrange("tree");
    expect(results.getChildren()).toHaveLength(2);
  });

  it("names the folder of a file, and in a list the file of a function", () => {
    const results = new Results("tree");
    results.show([hit()]);
    const descriptions = () => results.getChildren().map((node) => results.getTreeItem(node).description);
    expect(descriptions()).toEqual(["src"]);
    results.arrange("list");
    expect(descriptions()).toEqual(["A  src/a.py:10  0.50"]);
  });

  it("looks at each file once, however often it is drawn", () => {
    const parse = vi.spyOn(Uri, "parse");
    const shorten = vi.spyOn(workspace, "asRelativePath");
    const results = new Results("list");
    results.show([...hits, ...hits.map((each) => ({ ...each, fresh: false }))]);
    for (let drawn = 0; drawn < 2; drawn++) for (const node of results.getChildren()) results.getTreeItem(node);
    expect(parse).toHaveBeenCalledTimes(2);
    expect(shorten).toHaveBeenCalledTimes(2);
  });

  it("says to screen readers what a result is, in their language", () => {
    const german = (text: string, ...values: unknown[]): string =>
      values.reduce<string>((said, value, i) => said.replace(`{${i}}`, String(value)), text === "method" ? "Methode" : text);
    vi.spyOn(l10n, "t").mockImplementation(german as typeof l10n.t);
    const results = new Results("list");
    results.show([hit({ kind: "method" })]);
    const [item] = results.nodes.map((node) => results.getTreeItem(node));
    expect(item?.accessibilityInformation?.label).toMatch(/^load, Methode in /);
  });

  it("names functions, lines and scores", () => {
    const results = new Results("tree");
    results.show([hit({ symbol: "Store.load", start_line: 12, score: 0.456, fresh: false })]);
    const [item] = results.nodes.map((node) => results.getTreeItem(node));
    expect(item?.label).toBe("load");
    expect(item?.description).toBe("Store  12  0.46");
    expect(item?.resourceUri?.scheme).toBe("codesearch-changed");
    expect(item?.accessibilityInformation?.label).toContain("line 12");
  });
});

describe("the history", () => {
  const memento = () => {
    const values = new Map<string, unknown>();
    return {
      keys: () => [...values.keys()],
      get: <T>(key: string, otherwise?: T) => (values.get(key) ?? otherwise) as T,
      update: (key: string, value: unknown) => {
        values.set(key, value);
        return Promise.resolve();
      },
    };
  };

  it("has the newest first, each once, fifty at most", async () => {
    const history = new History(memento());
    for (let i = 0; i < 60; i++) await history.add(`question ${i}`);
    await history.add("  question 30 ");
    expect(history.all).toHaveLength(50);
    expect(history.all.slice(0, 2)).toEqual(["question 30", "question 59"]);
    expect(history.all.filter((text) => text === "question 30")).toHaveLength(1);
  });

  it("takes nothing empty and can be cleared", async () => {
    const history = new History(memento());
    await history.add("  ");
    expect(history.all).toEqual([]);
    await history.add("one");
    await history.clear();
    expect(history.all).toEqual([]);
  });
});

describe("what the page says", () => {
  const question: Question = { query: "q", mode: "hybrid", language: "", path: "", tests: "demote" };

  it("is taken if it is a question", () => {
    expect(readMessage({ type: "entered", question })).toEqual({ type: "entered", question });
    expect(readMessage({ type: "entered", question: { ...question, uri: "file:///x" } })).toEqual({ type: "entered", question });
  });

  it.each([
    [undefined],
    [null],
    ["entered"],
    [{ type: "entered" }],
    [{ type: "entered", question: { ...question, query: 1 } }],
    [{ type: "entered", question: { ...question, mode: "all" } }],
    [{ type: "entered", question: { ...question, tests: undefined } }],
    [{ type: "entered", question: { ...question, query: "x".repeat(100_001) } }],
    [{ type: "open", uri: "file:///etc/passwd" }],
    [{ type: "constructor" }],
  ])("is not taken: %j", (message) => {
    expect(readMessage(message)).toBeUndefined();
  });

  it("opens a result by its number only", () => {
    expect(readMessage({ type: "openResult", index: 2 })).toEqual({ type: "openResult", index: 2 });
    for (const index of ["/etc/passwd", -1, 0.5, NaN, undefined, { path: "x" }]) {
      expect(readMessage({ type: "openResult", index })).toBeUndefined();
    }
  });

  it("becomes a request", () => {
    const asked = { ...question, query: " how? ", language: "go", path: "src/**, ,!*.md" };
    expect(searchParams(asked, 7)).toEqual({
      query: "how?",
      mode: "hybrid",
      tests: "demote",
      topK: 7,
      languages: ["go"],
      globs: ["src/**", "!*.md"],
    });
    expect(searchParams(question, 7)).not.toHaveProperty("globs");
  });
});

describe("words", () => {
  const named = (symbol: string, kind: Hit["kind"] = "method") => hit({ symbol, kind, path: "src/a.md" });

  it("call a function by the last part of its symbol", () => {
    expect(nameOf(named("A.B.load"))).toBe("load");
    expect(containerOf(named("A.B.load"))).toBe("A.B");
    expect(nameOf(named("load"))).toBe("load");
    expect(containerOf(named("load"))).toBe("");
    expect(nameOf(named("Version 2.0", "section"))).toBe("Version 2.0");
    expect(containerOf(named("Version 2.0", "section"))).toBe("");
    expect(nameOf(named(""))).toBe("a.md");
  });

  it("count results", () => {
    expect(countOf(0, 0, false)).toBe("No results");
    expect(countOf(1, 1, false)).toBe("1 result");
    expect(countOf(3, 1, false)).toBe("3 results in 1 file");
    expect(countOf(3, 2, false)).toBe("3 results in 2 files");
    expect(countOf(20, 1, true)).toBe("The best 20 results, in 1 file");
    expect(countOf(20, 4, true)).toBe("The best 20 results, in 4 files");
  });
});
