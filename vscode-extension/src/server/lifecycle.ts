import * as vscode from "vscode";
import type { SituationSource } from "../status/source";
import { effectOf, initializationOptions, serverEnvironment } from "./environment";
import { chosenInterpreter, onDidChooseInterpreter } from "./interpreter";
import { Installing } from "./installing";
import { environmentIn } from "./installer";
import type { Keys } from "./keys";
import { programs } from "./programs";
import { findProgram } from "./program";
import { Server } from "./server";

export function createServer(context: vscode.ExtensionContext, log: vscode.LogOutputChannel, keys: Keys): Server {
  const cwd = context.globalStorageUri.fsPath;
  return new Server({
    find: async () => {
      await vscode.workspace.fs.createDirectory(context.globalStorageUri);
      return findProgram({
        configured: vscode.workspace.getConfiguration("codesearch").get("path", ""),
        interpreter: () => chosenInterpreter(log),
        programs: programs(),
        environment: environmentIn(cwd),
        cwd,
      });
    },
    environment: () => serverEnvironment(keys),
    options: initializationOptions,
    connect: async () => (await import("./client")).connect,
    cwd,
    log,
  });
}

/** Starts the server now and whenever what it was started with changes; and its commands. */
export function runServer(
  context: vscode.ExtensionContext,
  server: Server,
  keys: Keys,
  situation: SituationSource,
  log: vscode.LogOutputChannel,
): void {
  const installing = new Installing(context, server, situation, log);
  let interpreter = onDidChooseInterpreter(() => void server.start());
  const commands: Record<string, () => unknown> = {
    restart: () => {
      // Python's extension may run by now.
      interpreter.dispose();
      interpreter = onDidChooseInterpreter(() => void server.start());
      return server.start();
    },
    showLogs: () => { log.show(); },
    install: () => installing.install(),
    setKey: async () => { if (await keys.ask()) await server.start(); },
    removeKey: async () => { if (await keys.remove()) await server.start(); },
  };
  for (const [name, run] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(`codesearch.${name}`, run));
  }
  context.subscriptions.push(
    installing,
    { dispose: () => { interpreter.dispose(); } },
    vscode.workspace.onDidGrantWorkspaceTrust(() => void server.start()),
    vscode.workspace.onDidChangeWorkspaceFolders(() => {
      // The client tells a running server itself.
      const isEmpty = !vscode.workspace.workspaceFolders?.length;
      if (isEmpty || server.state.kind === "noFolder") void server.start();
    }),
    vscode.workspace.onDidChangeConfiguration((change) => {
      const effect = effectOf(change);
      if (effect === "restart") void server.start();
      if (effect === "tell") void server.configure();
    }),
    server.onDidChangeState(({ kind }) => {
      if (kind === "missing" || kind === "outdated") void installing.offer();
    }),
    server.onDidDieOften(() => void tellOfDeaths()),
  );
  void server.start();
}

async function tellOfDeaths(): Promise<void> {
  const restart = vscode.l10n.t("Restart");
  const logs = vscode.l10n.t("Show logs");
  const message = vscode.l10n.t("The search server ended several times in a row. Its log may say why.");
  const chosen = await vscode.window.showErrorMessage(message, restart, logs);
  if (chosen === restart) await vscode.commands.executeCommand("codesearch.restart");
  if (chosen === logs) await vscode.commands.executeCommand("codesearch.showLogs");
}

