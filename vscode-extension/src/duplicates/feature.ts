import * as vscode from "vscode";
import { plain } from "../editor/plain";
import type { Finding } from "../protocol";
import { complain, isCancellation, telling } from "../server/errors";
import type { Server } from "../server/server";
import { warningsOf } from "../search/answers";
import { Latest } from "../search/latest";
import { setContext } from "../status/context";
import type { SituationSource } from "../status/source";
import { compareActions, isFinding, openBoth, resolve } from "./actions";
import { compare, registerExcerpts } from "./diff";
import { DuplicatesTree } from "./tree";

type Scope = "changed" | "all";

/** The view Duplicates: findings in changed functions, or in all, and what can be done about them. */
export function registerDuplicates(
  context: vscode.ExtensionContext,
  server: Server,
  situation: SituationSource,
): void {
  const tree = new DuplicatesTree();
  const view = vscode.window.createTreeView("codesearch.duplicates", { treeDataProvider: tree });
  const latest = new Latest();
  let scope: Scope = "changed";
  let isStale = true;

  const check = async (wanted: Scope): Promise<void> => {
    scope = wanted;
    isStale = false;
    const place = { location: { viewId: "codesearch.duplicates" } };
    try {
      const given = await vscode.window.withProgress(place, () =>
        latest.run((token) => server.request("codesearch/duplicates", { scope: wanted }, token)),
      );
      if (!given) return;
      tree.show(given.answers.flatMap(({ findings }) => findings));
      view.description = wanted === "all" ? vscode.l10n.t("all functions") : vscode.l10n.t("changed functions");
      view.message = plain(warningsOf(given).join("\n"));
      setContext("codesearch.duplicatesChecked", true);
    } catch (error) {
      isStale = true;
      if (!isCancellation(error)) view.message = complain(error);
    }
  };

  // Looked for when somebody looks: not at once, not in vain, and not before there is an index.
  const checkIfSeen = (): void => {
    if (view.visible && isStale && situation.current.canAsk) void check(scope);
  };

  const chosen = (given: unknown): Finding | undefined => (isFinding(given) ? given : view.selection[0]);
  const withFinding = (act: (finding: Finding) => Promise<unknown>) => async (given?: unknown) => {
    const finding = chosen(given);
    if (finding) await telling(() => act(finding));
  };
  const settle = (how: "suppress" | "accept") =>
    withFinding(async (finding) => {
      await resolve(server, finding, how);
      await check(scope);
    });
  const commands: Record<string, (given?: unknown) => unknown> = {
    checkDuplicates: async () => {
      await vscode.commands.executeCommand("codesearch.duplicates.focus");
      await check("changed");
    },
    checkAllDuplicates: async () => {
      await vscode.commands.executeCommand("codesearch.duplicates.focus");
      await check("all");
    },
    refreshDuplicates: () => check(scope),
    compare: withFinding(compare),
    openBoth: withFinding(openBoth),
    suppressDuplicate: settle("suppress"),
    acceptInBaseline: settle("accept"),
  };
  for (const [name, run] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(`codesearch.${name}`, run));
  }
  context.subscriptions.push(
    view,
    latest,
    registerExcerpts(),
    vscode.languages.registerCodeActionsProvider({ scheme: "file" }, compareActions, {
      providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
    }),
    view.onDidChangeVisibility(checkIfSeen),
    situation.onDidChange(checkIfSeen),
    server.onDidChangeDuplicates(() => {
      isStale = true;
      checkIfSeen();
    }),
  );
}
