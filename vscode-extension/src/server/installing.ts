import * as vscode from "vscode";
import { plain } from "../editor/plain";
import type { SituationSource } from "../status/source";
import { environmentIn, install, requirementFor, tools, type Outcome, type Tool } from "./installer";
import { programs } from "./programs";
import type { Server } from "./server";
import { chosenSource } from "./source";

const OFFERED = "codesearch.offered";

/** Installs codesearch when somebody says so; offers it once. */
export class Installing implements vscode.Disposable {
  private running = false;
  private readonly closed = new AbortController();

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly server: Server,
    private readonly situation: SituationSource,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** Offers to install, or to update a version, once for all; the views and the status bar go on. */
  async offer(): Promise<void> {
    const { state } = this.server;
    const { globalState } = this.context;
    const isUpdate = state.kind === "outdated";
    const what = isUpdate ? state.version : "installation";
    if (globalState.get(OFFERED) === what || (state.kind === "missing" && state.configured)) return;
    await globalState.update(OFFERED, what);
    const yes = isUpdate ? vscode.l10n.t("Update") : vscode.l10n.t("Install");
    const message = isUpdate
      ? vscode.l10n.t("codesearch {0} is too old for this extension.", state.version)
      : vscode.l10n.t("Code Search needs the program codesearch, which was not found.");
    if ((await vscode.window.showInformationMessage(message, yes)) === yes) await this.install();
  }

  async install(): Promise<void> {
    if (this.running) return;
    if (!vscode.workspace.isTrusted) {
      void vscode.window.showInformationMessage(vscode.l10n.t("Nothing is installed in Restricted Mode."));
      return;
    }
    this.running = true;
    try {
      const source = await chosenSource(this.context.globalState);
      if (source === undefined) return;
      this.situation.setInstalling(true);
      const tool = await this.chooseTool();
      if (tool) await this.installWith(tool, source);
    } finally {
      this.running = false;
      this.situation.setInstalling(false);
    }
  }

  /** Ends what is being installed, with the window. */
  dispose(): void {
    this.closed.abort();
  }

  private async chooseTool(): Promise<Tool | undefined> {
    const cwd = this.context.globalStorageUri;
    await vscode.workspace.fs.createDirectory(cwd);
    const found = await tools(programs(), cwd.fsPath);
    if (found.length === 0) {
      const message = vscode.l10n.t("Python 3.11 or later, or uv, is needed to install codesearch, and none was found.");
      void vscode.window.showErrorMessage(message);
    }
    if (found.length < 2) return found[0];
    const items = found.map((tool) => ({ label: labelOf(tool), detail: tool.command, tool }));
    const title = vscode.l10n.t("Where should codesearch be installed?");
    return (await vscode.window.showQuickPick(items, { title }))?.tool;
  }

  private async installWith(tool: Tool, source: string): Promise<void> {
    const backend = vscode.workspace.getConfiguration("codesearch").get("backend", "");
    const cwd = this.context.globalStorageUri.fsPath;
    const abort = new AbortController();
    const progress = {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t("Installing codesearch"),
      cancellable: true,
    };
    await this.server.stop(); // its files are going to be replaced
    const outcome = await vscode.window.withProgress(progress, (reporter, token) => {
      token.onCancellationRequested(() => { abort.abort(); });
      return install(tool, {
        requirement: requirementFor(source, backend),
        environment: environmentIn(cwd),
        cwd,
        signal: AbortSignal.any([abort.signal, this.closed.signal]),
        onLine: (line) => {
          this.log.info(line);
          reporter.report({ message: plain(line) });
        },
      });
    });
    if (this.closed.signal.aborted) return;
    this.situation.setInstalling(false);
    await this.server.start();
    await this.tell(outcome);
  }

  private async tell(outcome: Outcome): Promise<void> {
    if (outcome.kind === "installed") {
      void vscode.window.showInformationMessage(vscode.l10n.t("codesearch is installed."));
    }
    if (outcome.kind !== "failed") return;
    const logs = vscode.l10n.t("Show logs");
    const message = vscode.l10n.t("codesearch could not be installed: {0}", plain(outcome.line));
    if ((await vscode.window.showErrorMessage(message, logs)) === logs) this.log.show();
  }
}

function labelOf({ kind }: Tool): string {
  return kind === "pipx"
    ? vscode.l10n.t("For terminals too, with pipx")
    : vscode.l10n.t("For this editor only, with {0}", kind === "uv" ? "uv" : "Python");
}
