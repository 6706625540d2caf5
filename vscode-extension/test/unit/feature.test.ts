import { beforeEach, describe, expect, it, vi } from "vitest";
import { commands, EventEmitter, Uri, window, workspace } from "vscode";
import { registerSearch } from "../../src/search/feature";
import type { Question } from "../../src/search/question";
import type { SearchView } from "../../src/search/view";
import { answer, hit } from "./values";

const question: Question = { query: "q", mode: "hybrid", language: "", path: "", tests: "demote" };

describe("the search view", () => {
  const tree = { description: "", message: "" };
  let said: EventEmitter<unknown>;
  let respond: () => Promise<unknown>;
  /** What the page is told. */
  let posted: string[];
  const never = () => new EventEmitter<never>().event;

  beforeEach(() => {
    said = new EventEmitter();
    const results = [hit(), hit({ uri: "file:///workspace/b.py" })];
    respond = () => Promise.resolve({ answers: [answer({ results })] });
    vi.spyOn(window, "createTreeView").mockReturnValue(Object.assign(tree, { message: "" }) as never);
    const register = vi.spyOn(window, "registerWebviewViewProvider");
    const memento = { get: (_key: string, otherwise: unknown) => otherwise, update: () => Promise.resolve() };
    registerSearch(
      { subscriptions: [], workspaceState: memento, extensionUri: Uri.file("/extension") } as never,
      { state: { kind: "running" }, onDidChangeState: never(), request: () => respond() } as never,
      { isRemote: false, onDidChange: never(), onDidBecomeReady: never() } as never,
      { current: { kind: "ready", text: "", hint: "" }, onDidChange: never() } as never,
    );
    const view = register.mock.calls[0]?.[1] as SearchView;
    posted = [];
    const postMessage = ({ type }: { type: string }) => posted.push(type);
    const webview = { onDidReceiveMessage: said.event, asWebviewUri: (uri: Uri) => uri, cspSource: "", postMessage };
    view.resolveWebviewView({ webview, onDidDispose: never() } as never);
  });

  it("says so if a result can't be opened", async () => {
    const complained = vi.spyOn(window, "showErrorMessage");
    vi.spyOn(workspace, "openTextDocument").mockRejectedValue(new Error("the file is gone"));
    said.fire({ type: "entered", question });
    await expect.poll(() => tree.description).toContain("2 results");
    said.fire({ type: "openResult", index: 0 });
    await expect.poll(() => complained.mock.calls).toEqual([["the file is gone"]]);
  });

  it("tells the page what is news, and how many results there are each time", async () => {
    said.fire({ type: "ready", question: { ...question, query: "" } });
    expect([...posted].sort()).toEqual(["defaults", "history", "notice"]);
    const told = vi.spyOn(commands, "executeCommand");
    for (const count of [1, 2]) {
      said.fire({ type: "typed", question });
      await expect.poll(() => posted.filter((type) => type === "announce")).toHaveLength(count);
    }
    expect(posted.filter((type) => type === "notice")).toHaveLength(1);
    const keys = told.mock.calls.map((call) => (call as unknown[])[1]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("shows which folders did not answer, without links", async () => {
    const failures = [{ folder: "lib", message: "see [x](command:y)" }];
    respond = () => Promise.resolve({ answers: [answer()], failures });
    said.fire({ type: "entered", question });
    await expect.poll(() => tree.message).toBe("lib: see [x]\u200b(command:y)");
  });
});
