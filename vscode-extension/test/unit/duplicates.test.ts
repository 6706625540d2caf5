import { describe, expect, it, vi } from "vitest";
import { commands, EventEmitter, Uri, window, workspace } from "vscode";
import { compareActions, isFinding } from "../../src/duplicates/actions";
import { compare, excerpts } from "../../src/duplicates/diff";
import { registerDuplicates } from "../../src/duplicates/feature";
import { DuplicatesTree } from "../../src/duplicates/tree";
import { finding, place } from "./values";

describe("a comparison", () => {
  it("shows the original on the left, under both names", async () => {
    const execute = vi.spyOn(commands, "executeCommand").mockResolvedValue(undefined);
    await compare(finding());
    const [command, left, right, title] = execute.mock.calls[0] as [string, Uri, Uri, string];
    expect(command).toBe("vscode.diff");
    expect([left.path, right.path]).toEqual(["/workspace/b.py", "/workspace/a.py"]);
    expect(title).toBe("read (b.py) ↔ load (a.py)");
  });

  const content = (query: string) => {
    const uri = Uri.from({ scheme: "codesearch-function", path: "/a.py", query });
    return excerpts.provideTextDocumentContent(uri, {} as never);
  };

  it.each([
    JSON.stringify({ uri: "file:///etc/passwd", start_line: 1, end_line: 9 }),
    JSON.stringify({ uri: "file:///workspace/../etc/passwd", start_line: 1, end_line: 9 }),
    JSON.stringify({ uri: "file:///workspace/a.py", start_line: "1", end_line: 9 }),
    JSON.stringify({ uri: "file:///workspace/a.py", start_line: 0, end_line: 9 }),
    "{",
    "null",
    "",
  ])("reads nothing outside of the workspace and nothing malformed: %s", async (query) => {
    const open = vi.spyOn(workspace, "openTextDocument");
    expect(await content(query)).toBe("");
    expect(open).not.toHaveBeenCalled();
  });
});

describe("the view of duplicates", () => {
  it("looks as soon as one folder can be asked, whatever is wrong with another, and says what is wrong", async () => {
    const tree = { visible: true, message: "", description: "", onDidChangeVisibility: new EventEmitter().event };
    vi.spyOn(window, "createTreeView").mockReturnValue(tree as never);
    const failures = [{ folder: "lib", message: "see [x](command:y)" }];
    const request = vi.fn(() => Promise.resolve({ answers: [], failures }));
    const changed = new EventEmitter<void>();
    const situation = { current: { kind: "failed", canAsk: false }, onDidChange: changed.event };
    const server = { request, onDidChangeDuplicates: new EventEmitter().event };
    registerDuplicates({ subscriptions: [] } as never, server as never, situation as never);
    changed.fire();
    expect(request).not.toHaveBeenCalled();
    situation.current.canAsk = true;
    changed.fire();
    changed.fire();
    await expect.poll(() => tree.message).toBe("lib: see [x]\u200b(command:y)");
    expect(request).toHaveBeenCalledTimes(1);
  });
});

describe("findings", () => {
  it("are a line each, with both places", () => {
    const tree = new DuplicatesTree();
    tree.show([finding({ place: place({ path: "src/x.py", line: 7 }) })]);
    const [item] = tree.getChildren().map((each) => tree.getTreeItem(each));
    expect(item?.label).toBe("load");
    expect(item?.description).toBe("x.py:7  ↔  read  b.py:2");
  });

  it("are told from anything else that a command may be given", () => {
    expect(isFinding(finding())).toBe(true);
    for (const other of [undefined, null, {}, "x", { rule: "CS001" }, { ...finding(), other: {} }]) {
      expect(isFinding(other)).toBe(false);
    }
  });

  it("can be compared from their diagnostics, and from no others", () => {
    const actions = (...diagnostics: object[]) =>
      compareActions.provideCodeActions({} as never, {} as never, { diagnostics } as never, {} as never);
    const ours = { source: "codesearch", data: finding() };
    expect(actions(ours, { source: "eslint", data: finding() }, { source: "codesearch" })).toMatchObject([
      { title: "Compare with the original", command: { command: "codesearch.compare", arguments: [finding()] } },
    ]);
  });
});
