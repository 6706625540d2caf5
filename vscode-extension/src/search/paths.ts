import * as vscode from "vscode";

/** A file of an answer, as the window names it. */
export interface KnownFile {
  uri: vscode.Uri;
  /** Its path below its folder, whose name is put before it if there are several. */
  shown: string;
}

/** The files of an answer. Each is looked at once, however many hits are in it and however often they are drawn. */
export class Paths {
  private readonly files = new Map<string, KnownFile>();

  of(uri: string): KnownFile {
    const known = this.files.get(uri);
    if (known) return known;
    const parsed = vscode.Uri.parse(uri);
    const file = { uri: parsed, shown: vscode.workspace.asRelativePath(parsed) };
    this.files.set(uri, file);
    return file;
  }
}
