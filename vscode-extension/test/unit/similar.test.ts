import { describe, expect, it, vi } from "vitest";
import { commands, Uri, window } from "vscode";
import { lensesOf } from "../../src/editor/lens";
import { registerSearchCommands } from "../../src/search/commands";
import { hit } from "./values";

describe("functions like one", () => {
  const editor = (path: string, line: number) => ({
    document: { uri: Uri.file(path), getWordRangeAtPosition: () => undefined, getText: () => "" },
    selection: { active: { line, character: 2 } },
  });

  /** What is asked when the command is called so. */
  async function askedOf(given: unknown, nodes: unknown[] = []): Promise<unknown> {
    const register = vi.spyOn(commands, "registerCommand");
    const ask = vi.fn();
    const parts = { search: { ask }, results: { nodes }, tree: { selection: [] } };
    registerSearchCommands({ subscriptions: [] } as never, parts as never);
    await register.mock.calls.findLast(([name]) => name === "codesearch.findSimilar")?.[1](given);
    return (ask.mock.calls[0] as unknown[] | undefined)?.[0];
  }

  it("are those like the lens's own, whichever editor is active", async () => {
    vi.spyOn(window, "activeTextEditor", "get").mockReturnValue(editor("/workspace/other.py", 7) as never);
    const start = { line: 3, character: 4 };
    const functions = [
      { kind: "method", name: "load", range: { start, end: start } },
      { kind: "class", name: "Store", range: { start, end: start } },
    ];
    const provider = lensesOf({ request: () => Promise.resolve({ functions }) } as never);
    const lenses = (await provider.provideCodeLenses({ uri: Uri.file("/workspace/a.py") } as never, {} as never)) ?? [];
    expect(lenses).toHaveLength(1);
    expect(await askedOf(lenses[0]?.command?.arguments?.[0])).toEqual({
      kind: "similar",
      name: "load",
      params: { textDocument: { uri: "file:///workspace/a.py" }, position: start },
    });
  });

  it("are those like the one at the cursor, unless a function is given", async () => {
    vi.spyOn(window, "activeTextEditor", "get").mockReturnValue(editor("/workspace/other.py", 7) as never);
    const position = { line: 0, character: 0 };
    const others = [
      undefined,
      null,
      Uri.file("/workspace/a.py"), // what the editor's menu gives
      { uri: "https://host/a.py", position, name: "x" },
      { uri: "file:///a.py", position: { line: -1, character: 0 }, name: "x" },
      { uri: "file:///a.py", position: { line: "0", character: 0 }, name: "x" },
      { uri: "file:///a.py", position },
    ];
    for (const given of others) {
      expect(await askedOf(given)).toMatchObject({
        name: "other.py",
        params: { textDocument: { uri: "file:///workspace/other.py" }, position: { line: 7, character: 2 } },
      });
    }
  });

  it("are those like a result", async () => {
    const node = { type: "hit", hit: hit({ start_line: 10 }) };
    expect(await askedOf(node, [node])).toMatchObject({
      name: "load",
      params: { textDocument: { uri: node.hit.uri }, position: { line: 9, character: 0 } },
    });
  });

  it("need an open file otherwise", async () => {
    const inform = vi.spyOn(window, "showInformationMessage").mockResolvedValue(undefined);
    expect(await askedOf(undefined)).toBeUndefined();
    expect(inform).toHaveBeenCalledTimes(1);
  });
});
