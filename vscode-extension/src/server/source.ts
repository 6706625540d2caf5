import { existsSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import { isAddress } from "./installer";
import { expandHome } from "./program";

const ENTERED = "codesearch.installFrom";

/** Where codesearch is installed from: as the setting says, else as somebody says now; undefined if nobody does. */
export async function chosenSource(memory: vscode.Memento): Promise<string | undefined> {
  const configured = vscode.workspace.getConfiguration("codesearch").get("installFrom", "").trim();
  if (!configured) return ask(memory);
  const problem = problemOf(configured);
  if (problem === undefined) return expandHome(configured);
  void vscode.window.showErrorMessage(`codesearch.installFrom: ${problem}`);
  return undefined;
}

async function ask(memory: vscode.Memento): Promise<string | undefined> {
  const entered = await vscode.window.showInputBox({
    title: vscode.l10n.t("Install codesearch"),
    prompt: vscode.l10n.t("From where? A folder with its source, a wheel, or an address such as git+https://host/repository"),
    value: memory.get(ENTERED, ""),
    ignoreFocusOut: true,
    validateInput: problemOf,
  });
  const source = entered?.trim();
  if (!source) return undefined;
  await memory.update(ENTERED, source);
  return expandHome(source);
}

/** Why codesearch can't be installed from there; undefined if it may be possible. */
export function problemOf(entered: string): string | undefined {
  const source = entered.trim();
  if (!source) return vscode.l10n.t("Say where codesearch is.");
  if (source.startsWith("-")) return vscode.l10n.t("This begins like an option, not like a place.");
  if (isAddress(source)) return undefined;
  const file = expandHome(source);
  if (path.isAbsolute(file)) return existsSync(file) ? undefined : vscode.l10n.t("There is no such folder or file.");
  return /[\\/]|\.whl$/i.test(source)
    ? vscode.l10n.t("Give the whole path, from the root on.")
    : vscode.l10n.t("A name is not enough: in the public package index, this one may be another project's.");
}
