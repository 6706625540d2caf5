import * as vscode from "vscode";
import { openLines } from "../editor/open";
import type { History } from "./history";
import type { HitNode, ResultNode, Results } from "./results";
import type { Search } from "./search";
import { isSpot, likeHit, likeSpot, spotAtCursor } from "./similar";
import type { SearchView } from "./view";

interface Parts {
  search: Search;
  view: SearchView;
  results: Results;
  tree: vscode.TreeView<ResultNode>;
  history: History;
  tellHistory: () => void;
}

/** The commands of the views Search and Results. */
export function registerSearchCommands(context: vscode.ExtensionContext, parts: Parts): void {
  const { search, view, results, tree, history, tellHistory } = parts;
  /** The hit that a command is for: given by the tree, else the selected one. Never one of others' making. */
  const chosen = (given: unknown): HitNode | undefined =>
    results.nodes.find((node) => node === given) ??
    results.nodes.find((node) => node === tree.selection[0]);

  const step = async (by: number): Promise<void> => {
    const { nodes } = results;
    if (nodes.length === 0) return;
    const at = nodes.findIndex((node) => node === tree.selection[0]);
    const next = at < 0 ? (by > 0 ? 0 : nodes.length - 1) : (at + by + nodes.length) % nodes.length;
    const node = nodes[next];
    if (!node) return;
    await tree.reveal(node, { select: true, focus: false });
    await openLines(node.hit);
  };

  const commands: Record<string, (given?: unknown) => unknown> = {
    search: () => view.focus(),
    searchSelection: () => searchSelection(view),
    findSimilar: async (given) => {
      const node = results.nodes.find((known) => known === given);
      await (node ? search.ask(likeHit(node)) : similarInEditor(search, given));
    },
    open: async (given) => {
      const node = chosen(given);
      if (node) await openLines(node.hit);
    },
    openToSide: async (given) => {
      const node = chosen(given);
      if (node) await openLines(node.hit, { viewColumn: vscode.ViewColumn.Beside, preview: false });
    },
    copyLocation: async (given) => {
      const node = chosen(given);
      if (node) await vscode.env.clipboard.writeText(`${node.hit.path}:${node.hit.start_line}`);
    },
    nextResult: () => step(1),
    previousResult: () => step(-1),
    clearResults: () => { search.clear(); },
    clearHistory: async () => {
      await history.clear();
      tellHistory();
    },
    showAsList: () => setLayout("list"),
    showAsTree: () => setLayout("tree"),
  };
  for (const [name, run] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(`codesearch.${name}`, run));
  }
}

async function searchSelection(view: SearchView): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!editor) return;
  const range = editor.selection.isEmpty
    ? editor.document.getWordRangeAtPosition(editor.selection.active)
    : editor.selection;
  const query = range ? editor.document.getText(range).trim() : "";
  if (query) await view.focus(query);
}

/** Like the function that a lens names, or else the one at the cursor. */
async function similarInEditor(search: Search, given: unknown): Promise<void> {
  const spot = isSpot(given) ? given : spotAtCursor();
  if (!spot) {
    void vscode.window.showInformationMessage(vscode.l10n.t("Open a file and put the cursor into a function."));
    return;
  }
  await vscode.commands.executeCommand("codesearch.results.focus");
  await search.ask(likeSpot(spot));
}

async function setLayout(layout: "tree" | "list"): Promise<void> {
  const settings = vscode.workspace.getConfiguration("codesearch");
  await settings.update("resultsLayout", layout, vscode.ConfigurationTarget.Global);
}
