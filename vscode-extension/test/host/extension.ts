// Our extension as VS Code knows it, and waiting inside the host.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";

interface Manifest {
  contributes: {
    commands: { command: string; title: Localized }[];
    configuration: { properties: Record<string, Setting> } | { properties: Record<string, Setting> }[];
  };
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
}

/** In other languages than English the original is kept beside. */
type Localized = string | { value: string; original: string };

export interface Setting {
  scope?: string;
  default?: unknown;
}

export function extension(): vscode.Extension<unknown> {
  const found = vscode.extensions.getExtension("codesearch.codesearch");
  if (found === undefined) throw new Error("our extension is not there");
  return found;
}

/** As VS Code read it. */
function manifest(): Manifest {
  return extension().packageJSON as Manifest;
}

/** The commands' names and titles, these in the language of the window. */
export function commands(): [string, string][] {
  return manifest().contributes.commands.map(({ command, title }) => [
    command,
    typeof title === "string" ? title : title.value,
  ]);
}

/** The settings that an untrusted workspace has no say in. */
export function restricted(): string[] {
  return manifest().capabilities.untrustedWorkspaces.restrictedConfigurations;
}

export function settings(): [string, Setting][] {
  return [manifest().contributes.configuration].flat().flatMap(({ properties }) => Object.entries(properties));
}

/** A file of the extension's folder that holds strings. */
export function strings(name: string): Record<string, string> {
  return JSON.parse(readFileSync(join(extension().extensionPath, name), "utf8")) as Record<string, string>;
}

/** The file of the folder that is open. */
export function file(name: string): vscode.Uri {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (folder === undefined) throw new Error("no folder is open");
  return vscode.Uri.joinPath(folder.uri, name);
}
