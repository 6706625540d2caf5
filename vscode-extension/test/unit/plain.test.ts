import { describe, expect, it, vi } from "vitest";
import { commands, EventEmitter, window } from "vscode";
import { plain } from "../../src/editor/plain";
import { complain } from "../../src/server/errors";
import { withoutLinks } from "../../src/server/messages";
import { registerIndexing } from "../../src/status/indexing";

/** What the editor takes for a link in messages (its `linkedText.ts`). */
const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
const HOSTILE = "[Fix it](command:workbench.action.terminal.new)";

describe("what a repository says becomes no link", () => {
  it("by itself", () => {
    expect(HOSTILE).toMatch(LINK);
    for (const text of [HOSTILE, `a ${HOSTILE} ${HOSTILE}`, '[x](https://host "title")']) {
      expect(plain(text)).not.toMatch(LINK);
      expect(plain(text).replaceAll("\u200b", "")).toBe(text);
    }
    expect(plain("a[0] (b)")).toBe("a[0] (b)");
  });

  it("in an error or in what helps against it", () => {
    const data = { hint: HOSTILE, reason: "config" };
    expect(complain(new Error(`unknown key ${HOSTILE}`))).not.toMatch(LINK);
    expect(complain(Object.assign(new Error("broken"), { data }))).not.toMatch(LINK);
    expect(complain(Object.assign(new Error("[Fix it]"), { data: { hint: "command:x", reason: "config" } }))).not.toMatch(LINK);
  });

  it("in a message that the server has shown", () => {
    const params = { type: 1, message: HOSTILE, actions: [{ title: "Send" }] };
    for (const method of ["window/showMessage", "window/showMessageRequest"]) {
      const said = withoutLinks({ jsonrpc: "2.0", method, params } as never);
      expect(said).toMatchObject({ method, params: { type: 1, actions: [{ title: "Send" }] } });
      expect(JSON.stringify(said)).not.toMatch(LINK);
    }
    const others = [{ method: "codesearch/folderState", params }, { id: 1, result: params }, { method: "window/showMessage" }];
    for (const other of others) expect(withoutLinks(other as never)).toBe(other);
  });

  it("in the progress of an index", async () => {
    const changed = new EventEmitter<object>();
    const report = vi.fn();
    vi.spyOn(window, "withProgress").mockImplementation(((_: unknown, task: (...given: unknown[]) => unknown) =>
      task({ report }, {})) as never);
    const register = vi.spyOn(commands, "registerCommand");
    const request = () => {
      changed.fire({ kind: "indexing", text: `Indexing ${HOSTILE}` });
      return Promise.resolve({ reports: [] });
    };
    registerIndexing({ subscriptions: [] } as never, { request } as never, { onDidChange: changed.event } as never);
    await register.mock.calls.find(([name]) => name === "codesearch.indexWorkspace")?.[1]();
    expect(report).toHaveBeenCalledTimes(2);
    expect(JSON.stringify(report.mock.calls)).not.toMatch(LINK);
  });
});
