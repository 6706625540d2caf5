import * as vscode from "vscode";
import type { Hit, Kind } from "../protocol";
import { byFile, type FileHits } from "./answers";
import { Paths } from "./paths";
import { tooltipOf } from "./tooltip";
import { baseName, containerOf, folderName, kindOf, nameOf, relationOf } from "./words";

export type Layout = "tree" | "list";

interface FileNode {
  type: "file";
  file: FileHits;
  children: HitNode[];
}

export interface HitNode {
  type: "hit";
  hit: Hit;
  parent?: FileNode;
}

export type ResultNode = FileNode | HitNode;

const ICONS: Record<Kind, string> = {
  function: "symbol-function",
  method: "symbol-method",
  class: "symbol-class",
  struct: "symbol-struct",
  trait: "symbol-interface",
  interface: "symbol-interface",
  enum: "symbol-enum",
  type: "symbol-type-parameter",
  module: "symbol-module",
  constant: "symbol-constant",
  macro: "symbol-snippet",
  section: "symbol-string",
  text: "symbol-file",
};

/** The scheme of hits whose file changed since it was indexed: it carries their badge. */
export const CHANGED = "codesearch-changed";

/** The hits of the last answer: by file, or one after the other. */
export class Results implements vscode.TreeDataProvider<ResultNode> {
  private roots: ResultNode[] = [];
  private hits: HitNode[] = [];
  private paths = new Paths();
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;

  constructor(private layout: Layout) {}

  /** All hits, from the top down. */
  get nodes(): readonly HitNode[] {
    return this.hits;
  }

  show(hits: readonly Hit[]): void {
    this.paths = new Paths(); // folders may have come and gone since the last answer
    this.roots =
      this.layout === "list"
        ? hits.map((hit) => ({ type: "hit", hit }))
        : byFile(hits).map((file) => {
            const node: FileNode = { type: "file", file, children: [] };
            node.children = file.hits.map((hit) => ({ type: "hit", hit, parent: node }));
            return node;
          });
    this.hits = this.roots.flatMap((node) => (node.type === "file" ? node.children : [node]));
    this.changed.fire(undefined);
  }

  arrange(layout: Layout): void {
    this.layout = layout;
    const hits = this.hits.map(({ hit }) => hit).sort((a, b) => b.score - a.score);
    this.show(hits);
  }

  getChildren(node?: ResultNode): ResultNode[] {
    if (!node) return this.roots;
    return node.type === "file" ? node.children : [];
  }

  getParent(node: ResultNode): ResultNode | undefined {
    return node.type === "hit" ? node.parent : undefined;
  }

  getTreeItem(node: ResultNode): vscode.TreeItem {
    return node.type === "file" ? fileItem(node, this.paths) : hitItem(node, this.paths);
  }

  resolveTreeItem(item: vscode.TreeItem, node: ResultNode): vscode.TreeItem {
    if (node.type === "hit") item.tooltip = tooltipOf(node.hit);
    return item;
  }
}

function fileItem({ file }: FileNode, paths: Paths): vscode.TreeItem {
  const { uri, shown } = paths.of(file.uri);
  const item = new vscode.TreeItem(baseName(file.path), vscode.TreeItemCollapsibleState.Expanded);
  item.id = file.uri;
  item.resourceUri = uri;
  item.iconPath = vscode.ThemeIcon.File;
  item.description = folderName(shown);
  item.tooltip = shown;
  item.contextValue = "file";
  return item;
}

function hitItem(node: HitNode, paths: Paths): vscode.TreeItem {
  const { hit, parent } = node;
  const name = nameOf(hit);
  const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.None);
  const score = hit.score.toFixed(2);
  const place = parent ? String(hit.start_line) : `${paths.of(hit.uri).shown}:${hit.start_line}`;
  const relation = hit.relation ? relationOf(hit.relation) : "";
  item.description = [containerOf(hit), place, score, relation].filter(Boolean).join("  ");
  item.iconPath = new vscode.ThemeIcon(ICONS[hit.kind]);
  item.contextValue = "hit";
  item.accessibilityInformation = {
    label: vscode.l10n.t("{0}, {1} in {2}, line {3}, score {4}", name, kindOf(hit.kind), hit.path, hit.start_line, score)
      + (relation && `, ${relation}`),
  };
  item.command = { command: "codesearch.open", title: vscode.l10n.t("Open"), arguments: [node] };
  if (!hit.fresh) item.resourceUri = paths.of(hit.uri).uri.with({ scheme: CHANGED });
  return item;
}

/** The badge of hits whose file changed since it was indexed. */
export const changedBadge: vscode.FileDecorationProvider = {
  provideFileDecoration: ({ scheme }) =>
    scheme === CHANGED
      ? new vscode.FileDecoration("●", vscode.l10n.t("Changed since it was indexed; shown as it is now."))
      : undefined,
};
