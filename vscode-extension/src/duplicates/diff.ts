import * as vscode from "vscode";
import type { Lines } from "../editor/open";
import type { Finding } from "../protocol";
import { diffTitle } from "./words";

/** Documents that show some lines of a file, for a diff of two functions. */
const SCHEME = "codesearch-function";

/** Files outside of the workspace that findings have led to: one may lie elsewhere in the repository. */
const compared = new Set<string>();

/** Shows how the two functions of a finding differ: the original on the left. */
export async function compare({ place, other }: Finding): Promise<void> {
  for (const { uri } of [place, other]) compared.add(uri);
  await vscode.commands.executeCommand("vscode.diff", excerpt(other), excerpt(place), diffTitle(other, place), {
    preview: true,
  });
}

function excerpt({ uri, start_line, end_line }: Lines): vscode.Uri {
  // The path keeps its ending, by which the editor tells the language.
  const file = vscode.Uri.parse(uri, true);
  return vscode.Uri.from({
    scheme: SCHEME,
    path: file.path,
    query: JSON.stringify({ uri, start_line, end_line }),
  });
}

/** Reads the lines that a document of ours is made of, from the editor where the file is open. */
export const excerpts: vscode.TextDocumentContentProvider = {
  async provideTextDocumentContent(uri) {
    const lines = linesIn(uri.query);
    const file = lines && vscode.Uri.parse(lines.uri, true);
    // Anybody may ask for a document of ours, but not for any file.
    if (!file || !(compared.has(lines.uri) || vscode.workspace.getWorkspaceFolder(file))) return "";
    const document = await vscode.workspace.openTextDocument(file);
    const range = new vscode.Range(lines.start_line - 1, 0, lines.end_line, 0);
    return document.getText(document.validateRange(range));
  },
};

export const registerExcerpts = (): vscode.Disposable =>
  vscode.workspace.registerTextDocumentContentProvider(SCHEME, excerpts);

function linesIn(query: string): Lines | undefined {
  let value: unknown;
  try {
    value = JSON.parse(query);
  } catch {
    return undefined;
  }
  const { uri, start_line, end_line } = (value ?? {}) as Partial<Record<keyof Lines, unknown>>;
  const isLine = (line: unknown): line is number => Number.isSafeInteger(line) && Number(line) > 0;
  return typeof uri === "string" && isLine(start_line) && isLine(end_line)
    ? { uri, start_line, end_line }
    : undefined;
}
