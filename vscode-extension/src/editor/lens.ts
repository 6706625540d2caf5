import * as vscode from "vscode";
import type { Spot } from "../search/similar";
import type { Server } from "../server/server";

/** "Find similar" over each function; only where the setting asks for it. */
export function registerLenses(context: vscode.ExtensionContext, server: Server): void {
  let registered: vscode.Disposable | undefined;
  const apply = (): void => {
    registered?.dispose();
    const isOn = vscode.workspace.getConfiguration("codesearch").get<boolean>("codeLens", false);
    registered = isOn
      ? vscode.languages.registerCodeLensProvider({ scheme: "file" }, lensesOf(server))
      : undefined;
  };
  apply();
  context.subscriptions.push(
    { dispose: () => { registered?.dispose(); } },
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("codesearch.codeLens")) apply();
    }),
  );
}

export function lensesOf(server: Server): vscode.CodeLensProvider {
  return {
    async provideCodeLenses(document, token) {
      const textDocument = { uri: document.uri.toString() };
      const { functions } = await server.request("codesearch/functions", { textDocument }, token);
      return functions.filter(({ kind }) => kind === "function" || kind === "method").map(({ name, range }) => {
        const { line, character } = range.start;
        // The lens may be clicked while another editor is the active one.
        const spot: Spot = { ...textDocument, position: { line, character }, name };
        return new vscode.CodeLens(new vscode.Range(line, character, line, character), {
          title: vscode.l10n.t("Find similar"),
          command: "codesearch.findSimilar",
          arguments: [spot],
        });
      });
    },
  };
}
