import { homedir } from "node:os";
import path from "node:path";
import * as vscode from "vscode";
import type { SearchPath } from "./lookup";

/** Where programs are looked for in this window. */
export function programs(): SearchPath {
  return {
    path: process.env.PATH,
    // Where pipx and uv put programs, which not every desktop has in its PATH.
    further: [path.join(homedir(), ".local", "bin")],
    workspace: (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath),
  };
}
