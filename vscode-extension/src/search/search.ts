import * as vscode from "vscode";
import type { SearchAnswer, SimilarParams, Tests } from "../protocol";
import { complain, isCancellation } from "../server/errors";
import type { Server } from "../server/server";
import type { Folders } from "../status/folders";
import { merge, type Answer } from "./answers";
import { Latest } from "./latest";
import { searchParams, type Question } from "./question";

/** What was asked: in words, or for functions like one. */
export type Asked =
  | { kind: "question"; question: Question }
  | { kind: "similar"; name: string; params: SimilarParams };

export type Shown =
  | { kind: "nothing" }
  | { kind: "answer"; asked: Asked; answer: Answer }
  | { kind: "failed"; asked: Asked; message: string };

const VIEW = { location: { viewId: "codesearch.search" } };

/** Asks the server; what it says is shown by whoever listens. */
export class Search implements vscode.Disposable {
  private readonly latest = new Latest();
  private current: Shown = { kind: "nothing" };
  /** Was asked, and has no answer because the server ended. */
  private unanswered: Asked | undefined;
  private readonly changed = new vscode.EventEmitter<Shown>();
  private readonly subscription: vscode.Disposable;
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly server: Server,
    private readonly folders: Folders,
  ) {
    this.subscription = server.onDidChangeState(({ kind }) => {
      if (kind === "running" && this.unanswered) void this.ask(this.unanswered);
    });
  }

  get shown(): Shown {
    return this.current;
  }

  /** Whether questions may be answered while they are typed: where each costs nothing. */
  get asYouType(): boolean {
    return setting<boolean>("searchAsYouType", true) && this.folders.isRemote === false;
  }

  async ask(asked: Asked): Promise<void> {
    this.unanswered = undefined;
    if (asked.kind === "question" && !asked.question.query.trim()) {
      this.latest.cancel();
      this.show({ kind: "nothing" });
      return;
    }
    try {
      const answers = await vscode.window.withProgress(VIEW, () =>
        this.latest.run((token) => this.request(asked, token)),
      );
      if (answers) this.show({ kind: "answer", asked, answer: merge(answers, maxResults()) });
    } catch (error) {
      if (isCancellation(error)) return;
      if (this.server.state.kind !== "running") this.unanswered = asked;
      this.show({ kind: "failed", asked, message: complain(error) });
    }
  }

  clear(): void {
    this.latest.cancel();
    this.show({ kind: "nothing" });
  }

  dispose(): void {
    vscode.Disposable.from(this.latest, this.changed, this.subscription).dispose();
  }

  private async request(asked: Asked, token: vscode.CancellationToken): Promise<SearchAnswer[]> {
    const { answers } =
      asked.kind === "question"
        ? await this.server.request("codesearch/search", searchParams(asked.question, maxResults()), token)
        : await this.server.request("codesearch/similar", { ...asked.params, topK: maxResults() }, token);
    return answers;
  }

  private show(shown: Shown): void {
    this.current = shown;
    this.changed.fire(shown);
  }
}

export function maxResults(): number {
  return setting<number>("maxResults", 20);
}

export function usualTests(): Tests {
  return setting<Tests>("tests", "demote");
}

function setting<T>(name: string, otherwise: T): T {
  return vscode.workspace.getConfiguration("codesearch").get(name, otherwise);
}
