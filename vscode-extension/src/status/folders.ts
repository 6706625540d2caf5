import * as vscode from "vscode";
import type { FolderState } from "../protocol";
import type { Server } from "../server/server";

/** What the server last said of each folder, and whether questions leave the machine. */
export class Folders implements vscode.Disposable {
  private states = new Map<string, FolderState>();
  private remote: boolean | undefined;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly readied = new vscode.EventEmitter<void>();
  private readonly subscriptions: vscode.Disposable[];
  readonly onDidChange = this.changed.event;
  /** A folder can be asked that could not be asked before. */
  readonly onDidBecomeReady = this.readied.event;

  constructor(private readonly server: Server) {
    this.subscriptions = [
      server.onDidChangeFolder((state) => {
        const before = this.states.get(state.uri)?.state;
        this.states.set(state.uri, state);
        this.changed.fire();
        if (state.state !== "ready" || before === "ready" || before === "updating") return;
        void this.ask();
        this.readied.fire();
      }),
      server.onDidChangeState(({ kind }) => {
        if (kind === "running") void this.ask();
        else {
          this.states.clear();
          this.remote = undefined;
        }
        this.changed.fire();
      }),
    ];
  }

  get all(): readonly FolderState[] {
    return [...this.states.values()];
  }

  /** True or false once the server has said so. */
  get isRemote(): boolean | undefined {
    return this.remote;
  }

  dispose(): void {
    vscode.Disposable.from(this.changed, this.readied, ...this.subscriptions).dispose();
  }

  private async ask(): Promise<void> {
    try {
      const { folders } = await this.server.request("codesearch/status", {});
      this.states = new Map(folders.map((folder) => [folder.uri, folder]));
      const known = folders.flatMap(({ status }) => (status ? [status.remote] : []));
      if (known.length > 0) this.remote = known.includes(true);
      this.changed.fire();
    } catch {
      // Nothing is lost: what changes is told anyway, and a server that died says so elsewhere.
    }
  }
}
