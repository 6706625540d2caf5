import * as vscode from "vscode";
import { registerDuplicates } from "./duplicates/feature";
import { registerLenses } from "./editor/lens";
import { registerSearch } from "./search/feature";
import { Keys } from "./server/keys";
import { createServer, runServer } from "./server/lifecycle";
import type { Server } from "./server/server";
import { createStatusBar } from "./status/bar";
import { Folders } from "./status/folders";
import { registerIndexing } from "./status/indexing";
import { showMenu } from "./status/menu";
import { SituationSource } from "./status/source";

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Code Search", { log: true });
  const keys = new Keys(context.secrets);
  server = createServer(context, log, keys);
  const folders = new Folders(server);
  const situation = new SituationSource(server, folders);
  context.subscriptions.push(
    log,
    folders,
    situation,
    createStatusBar(situation),
    vscode.commands.registerCommand("codesearch.showMenu", () => showMenu(situation)),
  );
  registerSearch(context, server, folders, situation);
  registerDuplicates(context, server, situation);
  registerIndexing(context, server, situation);
  registerLenses(context, server);
  runServer(context, server, keys, situation, log);
}

export async function deactivate(): Promise<void> {
  await server?.dispose();
}
