import * as vscode from "vscode";

/** What the editor was told last. */
const told = new Map<string, unknown>();

/** Sets a context key, which conditions of menus and views in the manifest read, if it has another value now. */
export function setContext(name: `codesearch.${string}`, value: string | boolean): void {
  if (told.get(name) === value) return;
  told.set(name, value);
  void vscode.commands.executeCommand("setContext", name, value);
}
