import * as vscode from "vscode";
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

function lensesOf(server: Server): vscode.CodeLensProvider {
  return {
    async provideCodeLenses(document, token) {
      const textDocument = { uri: document.uri.toString() };
      const { functions } = await server.request("codesearch/functions", { textDocument }, token);
      return functions.filter(({ kind }) => kind === "function" || kind === "method").map(({ name, range }) => {
        const start = new vscode.Position(range.start.line, range.start.character);
        return new vscode.CodeLens(new vscode.Range(start, start), {
          title: vscode.l10n.t("Find similar"),
          command: "codesearch.findSimilar",
          arguments: [start, name],
        });
      });
    },
  };
}
