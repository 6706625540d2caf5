import * as vscode from "vscode";
import type { Server } from "../server/server";
import { setContext } from "./context";
import type { Folders } from "./folders";
import { situationOf, type Situation } from "./situation";

/** Where things stand now, and when that changes; also as context keys, for views and menus. */
export class SituationSource implements vscode.Disposable {
  private situation: Situation;
  private installing = false;
  private readonly changed = new vscode.EventEmitter<Situation>();
  private readonly subscription: vscode.Disposable;
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly server: Server,
    private readonly folders: Folders,
  ) {
    this.situation = this.look();
    tellViews(this.situation);
    // The folders change with the server, too.
    this.subscription = folders.onDidChange(() => { this.update(); });
  }

  get current(): Situation {
    return this.situation;
  }

  setInstalling(installing: boolean): void {
    this.installing = installing;
    this.update();
  }

  dispose(): void {
    vscode.Disposable.from(this.changed, this.subscription).dispose();
  }

  private look(): Situation {
    return situationOf(this.server.state, this.folders.all, this.installing);
  }

  private update(): void {
    this.situation = this.look();
    tellViews(this.situation);
    this.changed.fire(this.situation);
  }
}

function tellViews({ kind, reason, canAsk }: Situation): void {
  setContext("codesearch.situation", kind);
  setContext("codesearch.reason", reason);
  setContext("codesearch.canAsk", canAsk);
}
