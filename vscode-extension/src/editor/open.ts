import * as vscode from "vscode";

/** Lines of a file, as documents of codesearch name them: from 1, the last one included. */
export interface Lines {
  uri: string;
  start_line: number;
  end_line: number;
}

const HIGHLIGHT_MS = 1500;

let highlight: vscode.TextEditorDecorationType | undefined;

/** Opens a file at lines and highlights them for a moment. */
export async function openLines(
  lines: Lines,
  options: vscode.TextDocumentShowOptions = {},
): Promise<vscode.TextEditor> {
  return show(await read(lines), lines, options);
}

/** The same, without the keyboard, and only if that is still wanted when the file has been read. */
export async function previewLines(lines: Lines, isWanted: () => boolean): Promise<void> {
  const document = await read(lines);
  if (isWanted()) await show(document, lines, { preserveFocus: true });
}

function read({ uri }: Lines): Thenable<vscode.TextDocument> {
  return vscode.workspace.openTextDocument(vscode.Uri.parse(uri, true));
}

async function show(
  document: vscode.TextDocument,
  lines: Lines,
  options: vscode.TextDocumentShowOptions,
): Promise<vscode.TextEditor> {
  const range = rangeOf(lines, document);
  const editor = await vscode.window.showTextDocument(document, {
    preview: true,
    ...options,
    selection: new vscode.Range(range.start, range.start),
  });
  editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  flash(editor, range);
  return editor;
}

/** The lines as a range of the document, from the first sign that is no space. */
export function rangeOf(lines: Lines, document: vscode.TextDocument): vscode.Range {
  const last = document.lineCount - 1;
  const first = document.lineAt(Math.min(Math.max(lines.start_line - 1, 0), last));
  const end = document.lineAt(Math.min(Math.max(lines.end_line - 1, 0), last)).range.end;
  return new vscode.Range(first.lineNumber, first.firstNonWhitespaceCharacterIndex, end.line, end.character);
}

function flash(editor: vscode.TextEditor, range: vscode.Range): void {
  highlight?.dispose();
  const decoration = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor("editor.rangeHighlightBackground"),
  });
  highlight = decoration;
  editor.setDecorations(decoration, [range]);
  setTimeout(() => { decoration.dispose(); }, HIGHLIGHT_MS);
}
