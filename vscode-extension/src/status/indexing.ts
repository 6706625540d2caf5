import * as vscode from "vscode";
import { plain } from "../editor/plain";
import { complain, isCancellation } from "../server/errors";
import type { Server } from "../server/server";
import { count } from "./situation";
import type { SituationSource } from "./source";

/** The commands that build and delete the index of the workspace. */
export function registerIndexing(
  context: vscode.ExtensionContext,
  server: Server,
  situation: SituationSource,
): void {
  context.subscriptions.push(
    vscode.commands.registerCommand("codesearch.indexWorkspace", () => indexWorkspace(server, situation)),
    vscode.commands.registerCommand("codesearch.clearIndex", () => clearIndex(server)),
  );
}

async function indexWorkspace(server: Server, situation: SituationSource): Promise<void> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    cancellable: true,
  };
  try {
    await vscode.window.withProgress(options, async (progress, token) => {
      let shown = 0;
      progress.report({ message: vscode.l10n.t("Indexing") });
      const listener = situation.onDidChange(({ kind, text, percent = 0 }) => {
        if (kind !== "indexing") return;
        progress.report({ message: plain(text), increment: Math.max(0, percent - shown) });
        shown = Math.max(shown, percent);
      });
      try {
        const { reports } = await server.request("codesearch/index", {}, token);
        const files = reports.reduce((sum, report) => sum + report.files, 0);
        const message = vscode.l10n.t("The index is up to date: {0} files", count(files));
        vscode.window.setStatusBarMessage(message, 5000);
      } finally {
        listener.dispose();
      }
    });
  } catch (error) {
    await tell(error);
  }
}

async function clearIndex(server: Server): Promise<void> {
  const yes = vscode.l10n.t("Delete");
  const question = vscode.l10n.t("Delete the index of this workspace?");
  const detail = vscode.l10n.t("It can be built again at any time. Vectors that were paid for are kept.");
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) !== yes) return;
  try {
    const { freed } = await server.request("codesearch/clean", {});
    const megabytes = (freed / 1e6).toFixed(1);
    void vscode.window.showInformationMessage(vscode.l10n.t("The index was deleted: {0} MB are free again.", megabytes));
  } catch (error) {
    await tell(error);
  }
}

async function tell(error: unknown): Promise<void> {
  if (isCancellation(error)) return;
  const logs = vscode.l10n.t("Show logs");
  const chosen = await vscode.window.showErrorMessage(complain(error), logs);
  if (chosen === logs) await vscode.commands.executeCommand("codesearch.showLogs");
}
