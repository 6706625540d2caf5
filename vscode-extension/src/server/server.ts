import { spawn, type ChildProcess } from "node:child_process";
import * as vscode from "vscode";
import type { FolderState, InitializationOptions, Method, Requests } from "../protocol";
import { Backoff } from "./backoff";
import type { Connect, Connection } from "./client";
import { complain } from "./errors";
import { endTree } from "./process";
import type { Program, Search } from "./program";

export type ServerState =
  | { kind: "stopped" }
  | { kind: "untrusted" }
  | { kind: "noFolder" }
  | { kind: "looking" }
  | { kind: "missing"; configured?: string }
  | { kind: "outdated"; version: string }
  | { kind: "starting" }
  | { kind: "running"; program: Program; version: string }
  /** It died or could not be started, for a reason if one is known, and is started again after a while. */
  | { kind: "waiting"; seconds: number; reason?: string };

/** What the server needs of its surroundings. */
export interface Surroundings {
  find: () => Promise<Search>;
  environment: () => Promise<NodeJS.ProcessEnv>;
  options: () => InitializationOptions;
  connect: () => Promise<Connect>;
  cwd: string;
  log: vscode.LogOutputChannel;
}

const START_TIMEOUT_MS = 60_000;

/** There is no server to ask, and none will come by itself. */
export class Unavailable extends Error {}

/** The one search server of this window: found, started, started again, asked. */
export class Server implements vscode.Disposable {
  private current: ServerState = { kind: "stopped" };
  private connection: Connection | undefined;
  private child: ChildProcess | undefined;
  private readonly backoff = new Backoff();
  private retry: NodeJS.Timeout | undefined;
  /** Counts starts and stops; what belongs to an older one has nothing to say any more. */
  private generation = 0;
  private bornAt = 0;

  private readonly stateChanged = new vscode.EventEmitter<ServerState>();
  private readonly folderChanged = new vscode.EventEmitter<FolderState>();
  private readonly duplicatesChanged = new vscode.EventEmitter<void>();
  private readonly diedOften = new vscode.EventEmitter<void>();
  readonly onDidChangeState = this.stateChanged.event;
  readonly onDidChangeFolder = this.folderChanged.event;
  readonly onDidChangeDuplicates = this.duplicatesChanged.event;
  /** The server died several times in a row. */
  readonly onDidDieOften = this.diedOften.event;

  constructor(private readonly around: Surroundings) {}

  get state(): ServerState {
    return this.current;
  }

  /** Starts the server if a trusted folder is open; ends an older one first. */
  async start(): Promise<void> {
    this.backoff.reset();
    await this.startOnce();
  }

  async stop(): Promise<void> {
    this.generation++;
    clearTimeout(this.retry);
    await this.end();
    this.become({ kind: "stopped" });
  }

  /** Tells the server settings that have changed. */
  async configure(): Promise<void> {
    try {
      await this.connection?.configure(this.around.options());
    } catch (error) {
      // It ended meanwhile; the next one starts with them.
      this.around.log.debug(`The server was not told the settings: ${String(error)}`);
    }
  }

  /** Asks the server, as soon as there is one. */
  async request<M extends Method>(
    method: M,
    params: Requests[M][0],
    token?: vscode.CancellationToken,
  ): Promise<Requests[M][1]> {
    const connection = await this.connected(token);
    return connection.request(method, params, token);
  }

  async workspaceEdit(edit: unknown): Promise<vscode.WorkspaceEdit | undefined> {
    return (await this.connected()).workspaceEdit(edit);
  }

  async dispose(): Promise<void> {
    await this.stop();
    for (const emitter of [this.stateChanged, this.folderChanged, this.duplicatesChanged, this.diedOften]) {
      emitter.dispose();
    }
  }

  private async startOnce(): Promise<void> {
    const generation = ++this.generation;
    clearTimeout(this.retry);
    await this.end();
    if (generation !== this.generation) return;
    if (!vscode.workspace.workspaceFolders?.length) { this.become({ kind: "noFolder" }); return; }
    if (!vscode.workspace.isTrusted) { this.become({ kind: "untrusted" }); return; }
    this.become({ kind: "looking" });
    this.bornAt = Date.now();
    try {
      const found = await this.around.find();
      if (generation !== this.generation) return;
      if (found.kind !== "found") { this.become(found); return; }
      this.become({ kind: "starting" });
      this.bornAt = Date.now();
      const connection = await this.connect(found.program, generation);
      if (generation !== this.generation) return void connection.end();
      this.connection = connection;
      this.become({ kind: "running", program: found.program, version: found.version });
      // They may have changed since it was started with them.
      await this.configure();
    } catch (error) {
      this.around.log.error(error instanceof Error ? error : String(error));
      if (generation === this.generation) this.died(complain(error));
    }
  }

  private async connect(program: Program, generation: number): Promise<Connection> {
    const [connect, env] = await Promise.all([this.around.connect(), this.around.environment()]);
    const timer = setTimeout(() => void this.endChild(), START_TIMEOUT_MS);
    try {
      return await connect({
        log: this.around.log,
        initializationOptions: this.around.options(),
        start: () => this.spawn(program, env),
        onFolderState: (state) => { this.folderChanged.fire(state); },
        onDuplicatesChanged: () => { this.duplicatesChanged.fire(); },
        onDied: () => {
          if (generation === this.generation) this.died();
        },
      });
    } finally {
      clearTimeout(timer);
    }
  }

  private spawn(program: Program, env: NodeJS.ProcessEnv): ChildProcess {
    const args = [...program.args, "lsp"];
    this.around.log.info(`Starting ${[program.command, ...args].join(" ")}`);
    this.child = spawn(program.command, args, {
      cwd: this.around.cwd,
      env,
      // A group of its own, which ends as a whole.
      detached: process.platform !== "win32",
      windowsHide: true,
    });
    return this.child;
  }

  private died(reason?: string): void {
    this.connection = undefined;
    const { waitMs, tell } = this.backoff.died(Date.now() - this.bornAt);
    this.around.log.error(`The server does not run. It is started again in ${waitMs / 1000} s.`);
    void this.endChild();
    this.become({ kind: "waiting", seconds: waitMs / 1000, ...(reason !== undefined && { reason }) });
    this.retry = setTimeout(() => void this.startOnce(), waitMs);
    if (tell) this.diedOften.fire();
  }

  private async end(): Promise<void> {
    const { connection } = this;
    this.connection = undefined;
    try {
      await connection?.end();
    } catch (error) {
      this.around.log.debug(`The server did not end by itself: ${String(error)}`);
    }
    await this.endChild();
  }

  private async endChild(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child) await endTree(child);
  }

  private connected(token?: vscode.CancellationToken): Promise<Connection> {
    if (this.connection) return Promise.resolve(this.connection);
    return new Promise((resolve, reject) => {
      const settle = (state: ServerState) => {
        if (this.connection) {
          done();
          resolve(this.connection);
        } else if (!isOnItsWay(state)) {
          done();
          reject(new Unavailable(vscode.l10n.t("The search server is not running.")));
        }
      };
      const done = () => { for (const listener of listeners) listener.dispose(); };
      const listeners = [this.onDidChangeState(settle)];
      const cancelled = token?.onCancellationRequested(() => {
        done();
        reject(new vscode.CancellationError());
      });
      if (cancelled) listeners.push(cancelled);
      settle(this.current);
    });
  }

  private become(state: ServerState): void {
    this.current = state;
    this.stateChanged.fire(state);
  }
}

function isOnItsWay(state: ServerState): boolean {
  return ["stopped", "looking", "starting", "waiting"].includes(state.kind);
}
