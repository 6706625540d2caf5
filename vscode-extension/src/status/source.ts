import * as vscode from "vscode";
import type { Server } from "../server/server";
import type { Folders } from "./folders";
import { situationOf, type Situation } from "./situation";

/** Where things stand now, and when that changes; also as context keys, for views and menus. */
export class SituationSource implements vscode.Disposable {
  private situation: Situation;
  private installing = false;
  private readonly changed = new vscode.EventEmitter<Situation>();
  private readonly subscriptions: vscode.Disposable[];
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly server: Server,
    private readonly folders: Folders,
  ) {
    this.situation = situationOf(server.state, folders.all, false);
    this.subscriptions = [
      server.onDidChangeState(() => { this.update(); }),
      folders.onDidChange(() => { this.update(); }),
    ];
  }

  get current(): Situation {
    return this.situation;
  }

  setInstalling(installing: boolean): void {
    this.installing = installing;
    this.update();
  }

  dispose(): void {
    vscode.Disposable.from(this.changed, ...this.subscriptions).dispose();
  }

  private update(): void {
    const before = this.situation;
    this.situation = situationOf(this.server.state, this.folders.all, this.installing);
    const { kind, reason } = this.situation;
    if (kind !== before.kind) setContext("codesearch.situation", kind);
    if (reason !== before.reason) setContext("codesearch.reason", reason);
    this.changed.fire(this.situation);
  }
}

function setContext(key: string, value: string): void {
  void vscode.commands.executeCommand("setContext", key, value);
}
