import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { workspace } from "vscode";
import { Backoff } from "../../src/server/backoff";
import type { Connect, ConnectOptions } from "../../src/server/client";
import { complain, isCancellation, reasonOf } from "../../src/server/errors";
import { Server, Unavailable, type ServerState } from "../../src/server/server";
import type { InitializationOptions } from "../../src/protocol";
import type { Search } from "../../src/server/program";
import { program, temporaryFolder } from "./folder";

describe("after a death", () => {
  it("the wait doubles up to a minute, and the fifth in a row is told", () => {
    const backoff = new Backoff();
    const deaths = Array.from({ length: 9 }, () => backoff.died(10));
    expect(deaths.map(({ waitMs }) => waitMs / 1000)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(deaths.map(({ tell }) => tell).indexOf(true)).toBe(4);
    expect(deaths.filter(({ tell }) => tell)).toHaveLength(1);
  });

  it("a minute of life makes it the first again", () => {
    const backoff = new Backoff();
    for (let i = 0; i < 4; i++) backoff.died(59_999);
    expect(backoff.died(60_000)).toEqual({ waitMs: 1000, tell: false });
    expect(backoff.died(0).waitMs).toBe(2000);
  });
});

describe("the server", () => {
  let cwd: string;
  let server: Server;
  let states: ServerState["kind"][];
  let found: Search;
  let find: () => Promise<Search>;
  let options: ConnectOptions | undefined;
  let severity: InitializationOptions["severity"];
  /** What running servers were told afterwards. */
  let configured: string[];
  const log = { info: vi.fn(), error: vi.fn(), debug: vi.fn() };

  /** Connects to a real process, which speaks no protocol and dies when it is told to. */
  const connect: Connect = async (given) => {
    options = given;
    severity = "hint"; // the setting changes while the server starts
    const child = given.start();
    await once(child, "spawn");
    child.once("exit", () => { given.onDied(); });
    return {
      request: (method) => Promise.resolve({ method, pid: child.pid } as never),
      configure: (said) => {
        configured.push(said.severity);
        return Promise.reject(new Error("it ended"));
      },
      workspaceEdit: () => Promise.resolve(undefined),
      end: () => Promise.resolve(),
    };
  };

  const changed = () =>
    new Promise<ServerState>((resolve) => {
      const listener = server.onDidChangeState((state) => {
        listener.dispose();
        resolve(state);
      });
    });

  const pid = async () => {
    const answer: unknown = await server.request("codesearch/languages", {});
    return (answer as { pid: number }).pid;
  };

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    cwd = temporaryFolder();
    const command = program(`${cwd}/codesearch`, "exec sleep 600");
    found = { kind: "found", version: "0.1.0", program: { command, args: [], origin: "path" } };
    find = () => Promise.resolve(found);
    server = new Server({
      find: () => find(),
      environment: () => Promise.resolve({ ...process.env }),
      options: () => ({ indexing: "automatic", duplicates: "open", severity }),
      connect: () => Promise.resolve(connect),
      cwd,
      log: log as never,
    });
    states = [];
    configured = [];
    severity = "information";
    server.onDidChangeState(({ kind }) => states.push(kind));
  });

  afterEach(async () => {
    await server.dispose();
    vi.useRealTimers();
    Object.assign(workspace, { isTrusted: true });
  });

  it("is looked for, started and asked", async () => {
    const answer = pid();
    await server.start();
    expect(states).toEqual(["looking", "starting", "running"]);
    expect(isAlive(await answer)).toBe(true);
  });

  it("is told settings that changed while it started, and goes on if it can't be", async () => {
    await server.start();
    expect(options?.initializationOptions.severity).toBe("information");
    expect(configured).toEqual(["hint"]);
    expect(server.state.kind).toBe("running");
  });

  it("runs no process before trust", async () => {
    Object.assign(workspace, { isTrusted: false });
    found = undefined as never; // to look for a program would be an error
    await server.start();
    expect(states).toEqual(["untrusted"]);
    await expect(server.request("codesearch/languages", {})).rejects.toThrow(Unavailable);
  });

  it("is missing where no program was found, and questions say so", async () => {
    found = { kind: "missing" };
    await server.start();
    expect(server.state).toEqual({ kind: "missing" });
    await expect(server.request("codesearch/languages", {})).rejects.toThrow(Unavailable);
  });

  it("is started again after it died, and answers who waited", async () => {
    await server.start();
    const first = await pid();
    process.kill(first, "SIGKILL");
    expect(await changed()).toEqual({ kind: "waiting", seconds: 1 });
    const waiting = pid();
    await vi.advanceTimersByTimeAsync(999);
    expect(server.state.kind).toBe("waiting");
    await vi.advanceTimersByTimeAsync(1);
    expect(await waiting).not.toBe(first);
    expect(server.state.kind).toBe("running");
  });

  it("is looked for again after an error, whose reason is kept", async () => {
    find = () => Promise.reject(new Error("no room on the disk"));
    await server.start();
    expect(server.state).toEqual({ kind: "waiting", seconds: 1, reason: "no room on the disk" });
    find = () => Promise.resolve(found);
    await vi.advanceTimersByTimeAsync(1000);
    expect(isAlive(await pid())).toBe(true);
  });

  it("is started at once when somebody says so, however often it died", async () => {
    await server.start();
    process.kill(await pid(), "SIGKILL");
    expect(await changed()).toMatchObject({ kind: "waiting" });
    await server.start();
    expect(server.state.kind).toBe("running");
    expect(vi.getTimerCount()).toBe(0); // the start that was planned is not made
  });

  it("ends with its process", async () => {
    await server.start();
    const before = await pid();
    await server.stop();
    expect(isAlive(before)).toBe(false);
    options?.onDied(); // what an ended one has to say is not heard
    expect(server.state.kind).toBe("stopped");
  });

  it("does not answer a question that was cancelled while it waited", async () => {
    let cancel = () => undefined as unknown;
    const token = {
      isCancellationRequested: false,
      onCancellationRequested: (listener: () => unknown) => {
        cancel = listener;
        return { dispose: () => undefined };
      },
    };
    const answer = server.request("codesearch/languages", {}, token as never);
    cancel();
    await expect(answer).rejects.toSatisfy(isCancellation);
  });
});

describe("errors", () => {
  const error = (code: number, data?: unknown) => Object.assign(new Error("it broke"), { code, data });

  it("are said with what helps", () => {
    expect(complain(error(-32803, { hint: "try again", reason: "locked" }))).toBe("it broke (try again)");
    expect(complain(error(-32803, { hint: "", reason: "store" }))).toBe("it broke");
    expect(complain(error(-32097))).toBe("The search server ended.");
    expect(complain("text")).toBe("text");
    expect(reasonOf(error(-32803, { hint: "", reason: "consent" }))).toBe("consent");
  });

  it("are none if the request was given up", () => {
    expect(isCancellation(error(-32800))).toBe(true);
    expect(isCancellation(error(-32803))).toBe(false);
    expect(isCancellation(undefined)).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
