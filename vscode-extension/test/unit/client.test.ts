import { beforeEach, expect, it, vi } from "vitest";
import { connect, type ConnectOptions } from "../../src/server/client";

interface Options {
  connectionOptions?: { messageStrategy: { handleMessage: (message: object, next: (message: object) => void) => void } };
  errorHandler?: { closed: () => unknown };
}

/** What the library was given. */
const library = vi.hoisted(() => {
  const sent: unknown[][] = [];
  const given: { options: Options; stateChanged: (change: { newState: number }) => void } = {
    options: {},
    stateChanged: () => undefined,
  };
  return { sent, ...given };
});

vi.mock("vscode-languageclient/node", () => ({
  CloseAction: { DoNotRestart: 1 },
  ErrorAction: { Continue: 1 },
  RevealOutputChannelOn: { Never: 4 },
  State: { Stopped: 1, Running: 2 },
  LanguageClient: class {
    constructor(_id: string, _name: string, _server: unknown, options: Options) {
      library.options = options;
    }
    onNotification() {
      return undefined;
    }
    onDidChangeState(listener: (change: { newState: number }) => void) {
      library.stateChanged = listener;
    }
    start() {
      return Promise.resolve();
    }
    dispose() {
      library.stateChanged({ newState: 1 });
      return Promise.resolve();
    }
    sendRequest(...given: unknown[]) {
      library.sent.push(given);
      return Promise.resolve();
    }
    sendNotification(...given: unknown[]) {
      library.sent.push(given);
      return Promise.resolve();
    }
  },
}));

const onDied = vi.fn();
const options = { onDied } as unknown as ConnectOptions;

beforeEach(() => {
  library.sent.length = 0;
  onDied.mockClear();
});

it("a request has one parameter, and a token only if there is one", async () => {
  const connection = await connect(options);
  const token = {} as never;
  await connection.request("codesearch/languages", {});
  await connection.request("codesearch/languages", {}, token);
  expect(library.sent).toEqual([["codesearch/languages", {}], ["codesearch/languages", {}, token]]);
});

it("settings are told as the server reads them", async () => {
  const connection = await connect(options);
  const said = { indexing: "onDemand", duplicates: "off", severity: "hint" } as const;
  await connection.configure(said);
  expect(library.sent).toEqual([["workspace/didChangeConfiguration", { settings: { codesearch: said } }]]);
});

it("what the server has shown is no link", async () => {
  await connect(options);
  const message = "[Fix it](command:x)";
  const next = vi.fn();
  library.options.connectionOptions?.messageStrategy.handleMessage({ method: "window/showMessage", params: { message } }, next);
  expect(next).toHaveBeenCalledWith({ method: "window/showMessage", params: { message: "[Fix it]\u200b(command:x)" } });
});

it("a death is told once, an end that was asked for is not", async () => {
  await connect(options);
  library.stateChanged({ newState: 2 });
  expect(onDied).not.toHaveBeenCalled();
  library.stateChanged({ newState: 1 });
  library.stateChanged({ newState: 1 });
  expect(onDied).toHaveBeenCalledTimes(1);
  const connection = await connect(options);
  await connection.end();
  expect(onDied).toHaveBeenCalledTimes(1);
});

it("the library does not restart the server, and tells nobody", async () => {
  await connect(options);
  expect(library.options.errorHandler?.closed()).toEqual({ action: 1, handled: true });
});
