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
  const offered = async (): Promise<ServerAction | undefined> => {
    const actions = await server.request("textDocument/codeAction", {
      textDocument: { uri: place.uri },
      range: { start: { line: place.line - 1, character: 0 }, end: { line: place.line, character: 0 } },
      context: { diagnostics: [] },
    });
    return actions?.find(
      ({ data, diagnostics }) =>
        data?.codesearch === how && diagnostics?.[0]?.data?.fingerprint === fingerprint,
    );
  };
  // Actions belong to the diagnostics of the file as it is open, which may have to be made first.
  const { document } = await openLines(place);
  const diagnosed = nextDiagnostics(document.uri);
  try {
    return (await offered()) ?? (await diagnosed.next.then(offered));
  } finally {
    diagnosed.dispose();
  }
}

/** Resolves when the diagnostics of a file are made anew, or when they were not in time. */
function nextDiagnostics(uri: vscode.Uri): { next: Promise<void>; dispose: () => void } {
  let resolve = (): void => undefined;
  const next = new Promise<void>((settle) => (resolve = settle));
  const timer = setTimeout(resolve, DIAGNOSED_MS);
  const listener = vscode.languages.onDidChangeDiagnostics(({ uris }) => {
    if (uris.some((changed) => changed.toString() === uri.toString())) resolve();
  });
  return {
    next,
    dispose: () => {
      clearTimeout(timer);
      listener.dispose();
    },
  };
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
