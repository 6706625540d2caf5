import * as vscode from "vscode";
import type { Answers, SearchAnswer, SimilarParams, Tests } from "../protocol";
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
  /** Was typed, before it was known whether to ask costs something. */
  private typed: Question | undefined;
  private readonly changed = new vscode.EventEmitter<Shown>();
  private readonly subscriptions: vscode.Disposable[];
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly server: Server,
    private readonly folders: Folders,
  ) {
    this.subscriptions = [
      server.onDidChangeState(({ kind }) => {
        if (kind === "running" && this.unanswered) void this.ask(this.unanswered);
      }),
      folders.onDidBecomeReady(() => {
        if (this.current.kind === "failed") void this.ask(this.current.asked);
      }),
      folders.onDidChange(() => {
        if (this.typed) void this.type(this.typed);
      }),
    ];
  }

  get shown(): Shown {
    return this.current;
  }

  /** After a reload the question is still there: its answer is got again, where that is free. */
  async restore(question: Question): Promise<void> {
    const isIdle = this.current.kind === "nothing" && !this.latest.isBusy;
    if (isIdle && question.query.trim()) await this.type(question);
  }

  /** Asks what is being typed, where the setting wants that and each question costs nothing. */
  async type(question: Question): Promise<void> {
    const { isRemote } = this.folders;
    if (isRemote !== false || !setting<boolean>("searchAsYouType", true)) {
      this.typed = isRemote === undefined ? question : undefined;
      return;
    }
    await this.ask({ kind: "question", question });
  }

  async ask(asked: Asked): Promise<void> {
    this.unanswered = undefined;
    this.typed = undefined;
    if (asked.kind === "question" && !asked.question.query.trim()) {
      this.latest.cancel();
      this.show({ kind: "nothing" });
      return;
    }
    try {
      const given = await vscode.window.withProgress(VIEW, () =>
        this.latest.run((token) => this.request(asked, token)),
      );
      if (given) this.show({ kind: "answer", asked, answer: merge(given, maxResults()) });
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
    vscode.Disposable.from(this.latest, this.changed, ...this.subscriptions).dispose();
  }

  private request(asked: Asked, token: vscode.CancellationToken): Promise<Answers<SearchAnswer>> {
    return asked.kind === "question"
      ? this.server.request("codesearch/search", searchParams(asked.question, maxResults()), token)
      : this.server.request("codesearch/similar", { ...asked.params, topK: maxResults() }, token);
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
