import * as vscode from "vscode";
import { count, type Situation, type SituationKind } from "./situation";
import type { SituationSource } from "./source";

const ICONS: Record<SituationKind, string> = {
  untrusted: "$(shield)",
  noFolder: "$(search)",
  missing: "$(warning)",
  outdated: "$(warning)",
  installing: "$(sync~spin)",
  starting: "$(sync~spin)",
  waiting: "$(warning)",
  failed: "$(error)",
  indexing: "$(sync~spin)",
  notIndexed: "$(circle-slash)",
  updating: "$(search)",
  ready: "$(search)",
};

/** The item in the status bar; a click opens the menu. */
export function createStatusBar(source: SituationSource): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("codesearch.status", vscode.StatusBarAlignment.Right, 50);
  item.name = vscode.l10n.t("Code Search");
  item.command = "codesearch.showMenu";
  const show = (situation: Situation): void => {
    if (situation.kind === "noFolder") {
      item.hide();
      return;
    }
    const percent = situation.percent === undefined ? "" : ` ${situation.percent} %`;
    item.text = `${ICONS[situation.kind]} Code Search${percent}`;
    item.tooltip = tooltipOf(situation);
    item.accessibilityInformation = { label: `Code Search: ${item.tooltip}`, role: "button" };
    item.backgroundColor = backgroundOf(situation.kind);
    item.show();
  };
  show(source.current);
  return vscode.Disposable.from(item, source.onDidChange(show));
}

function tooltipOf({ kind, text, hint, files, functions }: Situation): string {
  if (kind === "ready" || kind === "updating") {
    const counts = vscode.l10n.t("{0} functions in {1} files", count(functions), count(files));
    return `${text}: ${counts}`;
  }
  return hint ? `${text} (${hint})` : text;
}

function backgroundOf(kind: SituationKind): vscode.ThemeColor | undefined {
  if (kind === "failed") return new vscode.ThemeColor("statusBarItem.errorBackground");
  const warns = kind === "missing" || kind === "outdated" || kind === "waiting";
  return warns ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
}
