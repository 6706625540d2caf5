import { describe, expect, it, vi } from "vitest";
import { commands, EventEmitter } from "vscode";
import type { FolderState } from "../../src/protocol";
import { noticeOf } from "../../src/search/feature";
import type { Shown } from "../../src/search/search";
import type { ServerState } from "../../src/server/server";
import { Folders } from "../../src/status/folders";
import { situationOf } from "../../src/status/situation";
import { SituationSource } from "../../src/status/source";
import { folder } from "./values";

const running: ServerState = {
  kind: "running",
  version: "0.1.0",
  program: { command: "codesearch", args: [], origin: "path" },
};
const of = (...folders: FolderState[]) => situationOf(running, folders, false);

describe("the situation", () => {
  it("is that of the server until it runs", () => {
    const kinds: Partial<Record<ServerState["kind"], ServerState>> = {
      untrusted: { kind: "untrusted" },
      noFolder: { kind: "noFolder" },
      missing: { kind: "missing" },
      waiting: { kind: "waiting", seconds: 4 },
    };
    for (const [kind, state] of Object.entries(kinds)) expect(situationOf(state, [], false).kind).toBe(kind);
    expect(situationOf({ kind: "missing" }, [], true).kind).toBe("installing");
    expect(situationOf({ kind: "missing", configured: "/x" }, [], false).text).toContain("/x");
  });

  it("says why the server could not be started", () => {
    const waiting = situationOf({ kind: "waiting", seconds: 4, reason: "no disk" }, [], false);
    expect(waiting).toMatchObject({ kind: "waiting", hint: "no disk" });
  });

  it("is starting while nothing is known of folders", () => {
    expect(of().kind).toBe("starting");
  });

  it("is that of the folder that matters most", () => {
    const failed = folder({ state: "failed", message: "no disk", hint: "make room", reason: "store" });
    const indexing = folder({ state: "indexing", done: 410, total: 1000, name: "app" });
    const missing = folder({ state: "missing", name: "lib" });
    expect(of(folder(), missing).kind).toBe("notIndexed");
    expect(of(folder(), missing).text).toBe("Not indexed: lib");
    expect(of(missing, indexing, folder())).toMatchObject({
      kind: "indexing",
      percent: 41,
      text: "Indexing app: 410 of 1,000 files",
    });
    expect(of(indexing, failed)).toMatchObject({ kind: "failed", text: "no disk", hint: "make room", reason: "store" });
  });

  it("lets good folders be asked, whatever is wrong with others", () => {
    const failed = folder({ state: "failed", message: "no disk" });
    expect(of(folder(), failed)).toMatchObject({ kind: "failed", canAsk: true });
    expect(of(failed, folder({ state: "updating" }))).toMatchObject({ canAsk: true });
    expect(of(folder(), folder({ state: "indexing" }))).toMatchObject({ kind: "indexing", canAsk: true });
    for (const state of ["failed", "missing", "indexing", "starting"] as const) {
      expect(of(folder({ state })).canAsk).toBe(false);
    }
    expect(of().canAsk).toBe(false);
    expect(situationOf(running, [folder()], true).canAsk).toBe(false);
  });

  it("is told to views and menus when it is another", () => {
    const told = vi.spyOn(commands, "executeCommand");
    const changed = new EventEmitter<void>();
    const all = [folder({ state: "failed" })];
    const source = new SituationSource({ state: running } as never, { all, onDidChange: changed.event } as never);
    const keys = () => told.mock.calls.splice(0).map((call) => (call as unknown[]).slice(1));
    expect(keys()).toContainEqual(["codesearch.canAsk", false]);
    all.push(folder());
    changed.fire();
    expect(source.current.kind).toBe("failed");
    expect(keys()).toEqual([["codesearch.canAsk", true]]);
    changed.fire();
    expect(keys()).toEqual([]);
    source.dispose();
  });

  it("leaves the page what went wrong with the last question, where questions are answered", () => {
    const failed = folder({ state: "failed", message: "no disk" });
    const shown = { kind: "failed", message: "no such language" } as Shown;
    expect(noticeOf(of(folder(), failed), shown)).toMatchObject({ text: "no such language" });
    expect(noticeOf(of(failed), shown)).toMatchObject({ text: "no disk" });
    expect(noticeOf(of(folder(), failed), { kind: "nothing" })).toMatchObject({ text: "no disk", isError: true });
  });

  it("adds up folders", () => {
    expect(of(folder({ functions: 5, files: 2 }), folder({ functions: 7, files: null }))).toMatchObject({
      kind: "ready",
      functions: 12,
      files: 2,
    });
    const half = folder({ state: "indexing", done: 1, total: 2 });
    const none = folder({ state: "indexing", done: null, total: null });
    expect(of(half, none).percent).toBe(50);
    expect(of(none).percent).toBeUndefined();
  });
});

describe("folders", () => {
  const opened = () => {
    const folderChanged = new EventEmitter<FolderState>();
    const stateChanged = new EventEmitter<ServerState>();
    const folders = new Folders({ onDidChangeFolder: folderChanged.event, onDidChangeState: stateChanged.event });
    return { folders, say: (state: FolderState) => { folderChanged.fire(state); }, stateChanged };
  };

  it("are local if all that are known are, and remote if one is", () => {
    const { folders, say } = opened();
    expect(folders.isRemote).toBeUndefined();
    say(folder({ uri: "a", remote: null }));
    expect(folders.isRemote).toBeUndefined();
    say(folder({ uri: "b", remote: false }));
    expect(folders.isRemote).toBe(false);
    say(folder({ uri: "a", remote: true }));
    expect(folders.isRemote).toBe(true);
  });

  it("tell once when they can be asked", () => {
    const { folders, say } = opened();
    let told = 0;
    folders.onDidBecomeReady(() => told++);
    for (const state of ["starting", "indexing", "ready", "updating", "ready"] as const) say(folder({ state }));
    expect(told).toBe(1);
    say(folder({ state: "failed" }));
    say(folder({ state: "updating" }));
    expect(told).toBe(2);
  });

  it("are forgotten with the server that spoke of them", () => {
    const { folders, say, stateChanged } = opened();
    say(folder());
    stateChanged.fire(running);
    expect(folders.all).toHaveLength(1);
    stateChanged.fire({ kind: "waiting", seconds: 1 });
    expect(folders.all).toEqual([]);
  });
});
