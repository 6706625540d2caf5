import * as vscode from "vscode";
import type { InitializationOptions } from "../protocol";
import type { Keys } from "./keys";

/** Settings that the server reads from its environment, so that their change is a restart. */
const VARIABLES = {
  backend: "CODESEARCH_BACKEND",
  model: "CODESEARCH_MODEL",
  endpoint: "CODESEARCH_ENDPOINT",
  dimension: "CODESEARCH_DIMENSION",
  indexFolder: "CODESEARCH_INDEX",
} as const;

/** Settings that the server is told while it runs. */
const TOLD = ["indexing", "duplicates", "duplicatesSeverity"] as const;

/** The server's environment: ours, what the settings say, and the keys that are kept. */
export async function serverEnvironment(keys: Keys): Promise<NodeJS.ProcessEnv> {
  const settings = vscode.workspace.getConfiguration("codesearch");
  const environment: NodeJS.ProcessEnv = { ...process.env };
  for (const [name, variable] of Object.entries(VARIABLES)) {
    const value = settings.get<string | number | null>(name);
    if (value) environment[variable] = String(value);
  }
  return Object.assign(environment, await keys.variables());
}

export function initializationOptions(): InitializationOptions {
  const settings = vscode.workspace.getConfiguration("codesearch");
  return {
    indexing: settings.get("indexing", "automatic"),
    duplicates: settings.get("duplicates", "open"),
    severity: settings.get("duplicatesSeverity", "information"),
  };
}

/** Whether a change of settings needs a new process, or only has to be told. */
export function effectOf(change: vscode.ConfigurationChangeEvent): "restart" | "tell" | "none" {
  const affects = (name: string) => change.affectsConfiguration(`codesearch.${name}`);
  if (affects("path") || Object.keys(VARIABLES).some(affects)) return "restart";
  return TOLD.some(affects) ? "tell" : "none";
}
