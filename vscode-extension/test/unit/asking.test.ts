import { beforeEach, describe, expect, it } from "vitest";
import { EventEmitter } from "vscode";
import type { SearchParams } from "../../src/protocol";
import type { Question } from "../../src/search/question";
import { Search } from "../../src/search/search";
import type { Server } from "../../src/server/server";
import type { Folders } from "../../src/status/folders";
import { answer, hit } from "./values";
import { settings } from "./vscode";

const question = (query: string): Question => ({ query, mode: "hybrid", language: "", path: "", tests: "demote" });
const asked = (query: string) => ({ kind: "question", question: question(query) }) as const;

describe("the search", () => {
  let search: Search;
  let requests: string[];
  let respond: (query: string) => Promise<unknown>;
  let folders: { isRemote: boolean | undefined };
  const state = { kind: "running" };
  const serverChanged = new EventEmitter<typeof state>();
  const foldersChanged = new EventEmitter<undefined>();
  const foldersReady = new EventEmitter<undefined>();

  beforeEach(() => {
    settings.clear();
    requests = [];
    respond = (query) => Promise.resolve({ answers: [answer({ query, results: [hit({ symbol: query })] })] });
    folders = { isRemote: false };
    state.kind = "running";
    const server = {
      state,
      onDidChangeState: serverChanged.event,
      request: (_method: string, { query }: SearchParams) => {
        requests.push(query);
        return respond(query);
      },
    };
    const known = Object.assign(folders, {
      onDidChange: foldersChanged.event,
      onDidBecomeReady: foldersReady.event,
    });
    search = new Search(server as unknown as Server, known as unknown as Folders);
    return () => { search.dispose(); };
  });

  const found = () => (search.shown.kind === "answer" ? search.shown.answer.hits.map(({ symbol }) => symbol) : search.shown.kind);

  it("shows the answer", async () => {
    await search.ask(asked("one"));
    expect(found()).toEqual(["one"]);
  });

  it("shows only the newest answer, in whichever order they come", async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const usual = respond;
    respond = async (query) => {
      if (query === "old") await held;
      return usual(query);
    };
    const old = search.ask(asked("old"));
    await search.ask(asked("new"));
    release();
    await old;
    expect(found()).toEqual(["new"]);
  });

  it("asks while one types only where that is known to cost nothing", async () => {
    await search.type(question("local"));
    folders.isRemote = true;
    await search.type(question("remote"));
    expect(requests).toEqual(["local"]);
    await search.ask(asked("remote"));
    expect(requests).toEqual(["local", "remote"]);
  });

  it("asks what was typed before that was known as soon as it is", async () => {
    folders.isRemote = undefined;
    await search.type(question("early"));
    await search.type(question("early words"));
    expect(requests).toEqual([]);
    folders.isRemote = false;
    foldersChanged.fire(undefined);
    foldersChanged.fire(undefined);
    expect(requests).toEqual(["early words"]);
  });

  it("does not ask while one types if the setting says so", async () => {
    settings.set("searchAsYouType", false);
    await search.type(question("typed"));
    expect(requests).toEqual([]);
  });

  it("asks its last question again when the server is back", async () => {
    respond = () => {
      state.kind = "waiting";
      return Promise.reject(new Error("gone"));
    };
    await search.ask(asked("one"));
    expect(search.shown).toMatchObject({ kind: "failed", message: "gone" });
    respond = (query) => Promise.resolve({ answers: [answer({ results: [hit({ symbol: query })] })] });
    serverChanged.fire({ kind: "starting" });
    expect(requests).toEqual(["one"]);
    serverChanged.fire({ kind: "running" });
    await expect.poll(found).toEqual(["one"]);
    serverChanged.fire({ kind: "running" });
    expect(requests).toEqual(["one", "one"]);
  });

  it("does not ask again what a running server refused", async () => {
    respond = () => Promise.reject(new Error("refused"));
    await search.ask(asked("one"));
    serverChanged.fire({ kind: "running" });
    expect(requests).toEqual(["one"]);
  });

  it("asks again what was refused when a folder is ready, and nothing that was answered", async () => {
    const usual = respond;
    respond = () => Promise.reject(new Error("not indexed"));
    await search.ask(asked("one"));
    respond = usual;
    foldersReady.fire(undefined);
    await expect.poll(found).toEqual(["one"]);
    foldersReady.fire(undefined);
    expect(requests).toEqual(["one", "one"]);
  });

  it("shows nothing for an empty question, and keeps a page that loads late from ending another", async () => {
    await search.ask(asked("one"));
    await search.restore(question(""));
    expect(found()).toEqual(["one"]);
    await search.ask(asked(" "));
    expect(found()).toBe("nothing");
    await search.restore(question("again"));
    expect(found()).toEqual(["again"]);
  });
});
