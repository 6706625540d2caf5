import * as vscode from "vscode";
import { openLines, previewLines } from "../editor/open";
import type { Hit } from "../protocol";
import { complain, isCancellation, telling } from "../server/errors";
import type { Server } from "../server/server";
import type { Folders } from "../status/folders";
import { merge } from "./answers";
import { Latest } from "./latest";
import { searchParams } from "./question";
import { maxResults, usualTests } from "./search";
import { containerOf, nameOf } from "./words";

interface Item extends vscode.QuickPickItem {
  hit: Hit;
}

const TYPING_MS = 150;

/** A question in a quick pick: answers come as one types, arrows preview, Enter opens. */
export function registerQuickSearch(context: vscode.ExtensionContext, server: Server, folders: Folders): void {
  context.subscriptions.push(
    vscode.commands.registerCommand("codesearch.quickSearch", () => { quickSearch(server, folders); }),
  );
}

export function quickSearch(server: Server, folders: Folders): void {
  const pick = vscode.window.createQuickPick<Item>();
  const latest = new Latest();
  const before = vscode.window.activeTextEditor;
  let typing: NodeJS.Timeout | undefined;
  let answered = "";
  /** Something was typed before it was known whether to ask costs something. */
  let unasked = false;
  let accepted = false;
  /** Whether arrows moved through this list: its first item becomes the active one by itself. */
  let moved = false;
  /** Counts previews, so that a slow one is not shown after a newer one, over another list or after the end. */
  let previews = 0;
  pick.placeholder = vscode.l10n.t("Ask in plain words");

  const show = (items: readonly Item[]): void => {
    moved = false;
    previews++;
    pick.items = items;
    pick.title = undefined;
    pick.busy = false;
  };

  const ask = async (query: string): Promise<void> => {
    clearTimeout(typing);
    pick.busy = true;
    const question = { query, mode: "hybrid", language: "", path: "", tests: usualTests() } as const;
    try {
      const given = await latest.run((token) =>
        server.request("codesearch/search", searchParams(question, maxResults()), token),
      );
      if (!given) return;
      answered = query;
      show(merge(given, maxResults()).hits.map(itemOf));
    } catch (error) {
      if (!isCancellation(error)) pick.title = complain(error);
      pick.busy = false;
    }
  };

  const accept = async (): Promise<void> => {
    const [item] = pick.activeItems;
    // With a remote backend Enter asks first, and opens when it is pressed again.
    if (!item || pick.value !== answered) {
      if (pick.value.trim()) await ask(pick.value);
      return;
    }
    accepted = true;
    pick.hide();
    await openLines(item.hit);
  };

  const preview = async ([item]: readonly Item[]): Promise<void> => {
    moved ||= item !== undefined && item !== pick.items[0];
    if (!item || !moved || pick.value !== answered) return;
    const own = ++previews;
    await previewLines(item.hit, () => own === previews);
  };

  const leave = async (): Promise<void> => {
    clearTimeout(typing);
    previews++;
    vscode.Disposable.from(known, latest, pick).dispose();
    if (accepted || !before) return;
    await vscode.window.showTextDocument(before.document, {
      viewColumn: before.viewColumn ?? vscode.ViewColumn.Active,
      selection: before.selection,
    });
  };

  const askSoon = (): void => {
    clearTimeout(typing);
    if (!pick.value.trim()) {
      latest.cancel();
      show([]);
      return;
    }
    const { isRemote } = folders;
    unasked = isRemote === undefined;
    if (isRemote === false) typing = setTimeout(() => void ask(pick.value), TYPING_MS);
  };

  const known = folders.onDidChange(() => { if (unasked) askSoon(); });
  pick.onDidChangeValue(askSoon);
  pick.onDidChangeActive((items) => void telling(() => preview(items)));
  pick.onDidAccept(() => void telling(accept));
  pick.onDidHide(() => void telling(leave));
  pick.show();
}

function itemOf(hit: Hit): Item {
  return {
    hit,
    label: nameOf(hit),
    description: containerOf(hit),
    detail: `${hit.path}:${hit.start_line}`,
    alwaysShow: true,
  };
}
