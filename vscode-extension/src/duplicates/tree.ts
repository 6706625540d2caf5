import * as vscode from "vscode";
import type { Finding } from "../protocol";
import { nameOf } from "../search/words";
import { escape } from "../search/tooltip";
import { placeOf, ruleOf, shortPlaceOf } from "./words";

/** Findings, one a line: a function and what it is a copy of. */
export class DuplicatesTree implements vscode.TreeDataProvider<Finding> {
  private findings: readonly Finding[] = [];
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;

  get all(): readonly Finding[] {
    return this.findings;
  }

  show(findings: readonly Finding[]): void {
    this.findings = findings;
    this.changed.fire(undefined);
  }

  getChildren(node?: Finding): Finding[] {
    return node ? [] : [...this.findings];
  }

  getTreeItem(finding: Finding): vscode.TreeItem {
    const { place, other } = finding;
    const item = new vscode.TreeItem(nameOf(place), vscode.TreeItemCollapsibleState.None);
    item.description = `${shortPlaceOf(place)}  ↔  ${nameOf(other)}  ${shortPlaceOf(other)}`;
    item.iconPath = new vscode.ThemeIcon("copy");
    item.contextValue = "finding";
    item.command = { command: "codesearch.compare", title: vscode.l10n.t("Compare"), arguments: [finding] };
    item.accessibilityInformation = { label: finding.message };
    return item;
  }

  resolveTreeItem(item: vscode.TreeItem, finding: Finding): vscode.TreeItem {
    const { place, other } = finding;
    const lines = [
      `**${escape(nameOf(place))}**: ${escape(ruleOf(finding))}`,
      escape(finding.message),
      `${escape(placeOf(place))} ↔ ${escape(placeOf(other))}`,
      ...finding.also.map((further) => escape(placeOf(further))),
    ];
    item.tooltip = new vscode.MarkdownString(lines.join("\n\n"));
    return item;
  }
}
