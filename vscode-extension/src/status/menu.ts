import * as vscode from "vscode";
import type { SituationKind } from "./situation";
import type { SituationSource } from "./source";

interface Item extends vscode.QuickPickItem {
  command: string;
  arguments?: unknown[];
}

/** What can be done now, as the status bar offers it. */
export async function showMenu(source: SituationSource): Promise<void> {
  const { kind, text } = source.current;
  const item = await vscode.window.showQuickPick(itemsFor(kind), { title: text });
  if (item) await vscode.commands.executeCommand(item.command, ...(item.arguments ?? []));
}

function itemsFor(kind: SituationKind): Item[] {
  const t = vscode.l10n.t;
  const item = (icon: string, label: string, command: string, ...args: unknown[]): Item => ({
    label: `$(${icon}) ${label}`,
    command,
    ...(args.length > 0 && { arguments: args }),
  });
  const logs = item("output", t("Show logs"), "codesearch.showLogs");
  const settings = item("gear", t("Settings"), "workbench.action.openSettings", "@ext:codesearch.codesearch");
  const restart = item("debug-restart", t("Restart the search server"), "codesearch.restart");
  switch (kind) {
    case "untrusted":
      return [item("shield", t("Manage workspace trust"), "workbench.trust.manage")];
    case "noFolder":
      return [item("folder-opened", t("Open a folder"), "workbench.action.files.openFolder")];
    case "missing":
    case "outdated":
      return [item("cloud-download", t("Install codesearch"), "codesearch.install"), restart, settings, logs];
    case "installing":
      return [logs];
    case "starting":
    case "waiting":
      return [restart, settings, logs];
    default:
      return [
        item("search", t("Search"), "codesearch.search"),
        item("copy", t("Check changed functions for duplicates"), "codesearch.checkDuplicates"),
        item("database", t("Index the workspace"), "codesearch.indexWorkspace"),
        item("trash", t("Delete the index"), "codesearch.clearIndex"),
        item("key", t("Set a key"), "codesearch.setKey"),
        restart,
        settings,
        logs,
      ];
  }
}
