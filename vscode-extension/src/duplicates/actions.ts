import * as vscode from "vscode";
import { openLines } from "../editor/open";
import type { Finding, ServerAction } from "../protocol";
import type { Server } from "../server/server";

/** Shows both functions of a finding, side by side in their files. */
export async function openBoth({ place, other }: Finding): Promise<void> {
  await openLines(place, { preview: false });
  await openLines(other, { preview: false, viewColumn: vscode.ViewColumn.Beside });
}

const DIAGNOSED_MS = 5000;

/** Does what the server offers for a finding: a comment that suppresses it, or the baseline. */
export async function resolve(server: Server, finding: Finding, how: "suppress" | "accept"): Promise<void> {
  const action = await actionOf(server, finding, how);
  if (!action) {
    void vscode.window.showInformationMessage(vscode.l10n.t("That is not possible for this function."));
    return;
  }
  const edit = action.edit === undefined ? undefined : await server.workspaceEdit(action.edit);
  if (edit) await vscode.workspace.applyEdit(edit);
  if (action.command) {
    const { command, arguments: args } = action.command;
    await server.request("workspace/executeCommand", { command, ...(args && { arguments: args }) });
  }
}

async function actionOf(
  server: Server,
  finding: Finding,
  how: "suppress" | "accept",
): Promise<ServerAction | undefined> {
  const { place, fingerprint } = finding;
  // Actions belong to diagnostics, which files that are neither open nor changed do not have.
  await openLines(place);
  await diagnosed(vscode.Uri.parse(place.uri, true), fingerprint);
  const actions = await server.request("textDocument/codeAction", {
    textDocument: { uri: place.uri },
    range: { start: { line: place.line - 1, character: 0 }, end: { line: place.line, character: 0 } },
    context: { diagnostics: [] },
  });
  return actions?.find(
    ({ data, diagnostics }) =>
      data?.codesearch === how && diagnostics?.[0]?.data?.fingerprint === fingerprint,
  );
}

/** Resolves when a file has the diagnostic of a finding, or when none came in time. */
async function diagnosed(uri: vscode.Uri, fingerprint: string): Promise<void> {
  const isThere = () =>
    vscode.languages.getDiagnostics(uri).some((shown) => findingOf(shown)?.fingerprint === fingerprint);
  if (isThere()) return;
  await new Promise<void>((resolve) => {
    const settle = () => {
      clearTimeout(timer);
      listener.dispose();
      resolve();
    };
    const timer = setTimeout(settle, DIAGNOSED_MS);
    const listener = vscode.languages.onDidChangeDiagnostics(() => {
      if (isThere()) settle();
    });
  });
}

/** Adds "Compare with the original" to the actions of the server's diagnostics. */
export const compareActions: vscode.CodeActionProvider = {
  provideCodeActions(_document, _range, { diagnostics }) {
    return diagnostics.flatMap((diagnostic) => {
      const finding = findingOf(diagnostic);
      if (!finding) return [];
      const title = vscode.l10n.t("Compare with the original");
      const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
      action.diagnostics = [diagnostic];
      action.command = { command: "codesearch.compare", title, arguments: [finding] };
      return [action];
    });
  },
};

/** The finding that a diagnostic of the server carries; the client's library keeps it in `data`. */
function findingOf(diagnostic: vscode.Diagnostic & { data?: unknown }): Finding | undefined {
  if (diagnostic.source !== "codesearch") return undefined;
  return isFinding(diagnostic.data) ? diagnostic.data : undefined;
}

/** Whether a command was given a finding, which anybody may call with anything. */
export function isFinding(value: unknown): value is Finding {
  const { place, other, rule } = (value ?? {}) as Partial<Record<keyof Finding, { uri?: unknown }>>;
  return typeof rule === "string" && typeof place?.uri === "string" && typeof other?.uri === "string";
}
