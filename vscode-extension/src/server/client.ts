// The one file that knows the language client's library. It is a bundle of its own, loaded when
// the server is started, since reading it takes longer than all of activation may.
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { CancellationToken, LogOutputChannel, WorkspaceEdit } from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  RevealOutputChannelOn,
  State,
} from "vscode-languageclient/node";
import { withoutLinks } from "./messages";
import type { FolderState, InitializationOptions, Method, Requests } from "../protocol";

export interface ConnectOptions {
  start: () => ChildProcess;
  log: LogOutputChannel;
  initializationOptions: InitializationOptions;
  onFolderState: (state: FolderState) => void;
  onDuplicatesChanged: () => void;
  /** The server ended without having been asked to. */
  onDied: () => void;
}

/** A server that answers. */
export interface Connection {
  request<M extends Method>(
    method: M,
    params: Requests[M][0],
    token?: CancellationToken,
  ): Promise<Requests[M][1]>;
  configure(options: InitializationOptions): Promise<void>;
  workspaceEdit(edit: unknown): Promise<WorkspaceEdit | undefined>;
  end(): Promise<void>;
}

export type Connect = typeof connect;

/** Starts a server and resolves when it is initialized. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { log } = options;
  let isUp = false;
  const client = new QuietClient("codesearch", "Code Search", () => started(options.start()), {
    documentSelector: [{ scheme: "file" }],
    diagnosticCollectionName: "codesearch",
    outputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: options.initializationOptions,
    initializationFailedHandler: (error: Error) => {
      log.error(error);
      return false;
    },
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      // Starting again, and telling people, is the caller's.
      closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
    },
    connectionOptions: { messageStrategy: { handleMessage: (message, next) => next(withoutLinks(message)) } },
    stdioOptions: {
      stdout: () => undefined,
      // What a program writes there is its log, not an error each line.
      stderr: (input, channel) => {
        createInterface({ input }).on("line", (line) => { channel.info(line); });
      },
    },
  });
  client.onNotification("codesearch/folderState", options.onFolderState);
  client.onNotification("codesearch/duplicatesChanged", options.onDuplicatesChanged);
  client.onDidChangeState(({ newState }) => {
    if (newState !== State.Stopped || !isUp) return;
    isUp = false;
    options.onDied();
  });
  await client.start();
  isUp = true;
  return {
    // A token that is undefined would be sent as a second parameter.
    request: (method, params, token) =>
      token ? client.sendRequest(method, params, token) : client.sendRequest(method, params),
    configure: (codesearch) =>
      client.sendNotification("workspace/didChangeConfiguration", { settings: { codesearch } }),
    workspaceEdit: (edit) =>
      client.protocol2CodeConverter.asWorkspaceEdit(
        edit as Parameters<typeof client.protocol2CodeConverter.asWorkspaceEdit>[0],
      ),
    end: async () => {
      isUp = false;
      await client.dispose();
    },
  };
}

/** The library would show each failure in its own words; people are told in ours. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

/** Resolves when the operating system has started the program, rejects when it cannot. */
function started(child: ChildProcess): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    child.once("spawn", () => { resolve(child); });
    child.once("error", reject);
  });
}
