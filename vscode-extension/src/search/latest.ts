import * as vscode from "vscode";

/** Lets only the newest of several tasks answer: an older one is cancelled, and never heard. */
export class Latest implements vscode.Disposable {
  private source: vscode.CancellationTokenSource | undefined;

  /** The task's result, or undefined if a newer one was begun or this one was cancelled. */
  async run<T>(task: (token: vscode.CancellationToken) => Promise<T>): Promise<T | undefined> {
    this.cancel();
    const source = new vscode.CancellationTokenSource();
    this.source = source;
    try {
      const result = await task(source.token);
      return this.source === source ? result : undefined;
    } catch (error) {
      if (this.source === source) throw error;
      return undefined;
    } finally {
      if (this.source === source) this.source = undefined;
      source.dispose();
    }
  }

  /** Whether a task goes on whose result is waited for. */
  get isBusy(): boolean {
    return this.source !== undefined;
  }

  cancel(): void {
    this.source?.cancel();
    this.source = undefined;
  }

  dispose(): void {
    this.cancel();
  }
}
