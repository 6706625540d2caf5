import * as vscode from "vscode";
import type { FolderState } from "../protocol";
import type { Server } from "../server/server";

/** What the server last said of each folder. */
export class Folders implements vscode.Disposable {
  private readonly states = new Map<string, FolderState>();
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly readied = new vscode.EventEmitter<void>();
  private readonly subscriptions: vscode.Disposable[];
  readonly onDidChange = this.changed.event;
  /** A folder can be asked that could not be asked before. */
  readonly onDidBecomeReady = this.readied.event;

  constructor(server: Pick<Server, "onDidChangeFolder" | "onDidChangeState">) {
    this.subscriptions = [
      server.onDidChangeFolder((state) => {
        const before = this.states.get(state.uri);
        this.states.set(state.uri, state);
        this.changed.fire();
        if (canBeAsked(state) && !(before && canBeAsked(before))) this.readied.fire();
      }),
      server.onDidChangeState(({ kind }) => {
        // A server that has just begun to run may have spoken already.
        if (kind !== "running") this.states.clear();
        this.changed.fire();
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(({ removed }) => {
        for (const { uri } of removed) this.states.delete(uri.toString());
        this.changed.fire();
      }),
    ];
  }

  get all(): readonly FolderState[] {
    return [...this.states.values()];
  }

  /** Whether questions leave the machine; undefined while the server has not said so. */
  get isRemote(): boolean | undefined {
    const known = this.all.flatMap(({ remote }) => remote ?? []);
    return known.length > 0 ? known.includes(true) : undefined;
  }

  dispose(): void {
    vscode.Disposable.from(this.changed, this.readied, ...this.subscriptions).dispose();
  }
}

export function canBeAsked({ state }: FolderState): boolean {
  return state === "ready" || state === "updating";
}
