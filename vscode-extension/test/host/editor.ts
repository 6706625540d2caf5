// What the editor gets through the language server, asked for by VS Code's own commands.

import assert from "node:assert/strict";
import * as vscode from "vscode";

import { until } from "../harness/until";
import { COPY } from "../harness/shop";
import { file } from "./extension";
import { test } from "./suite";

const COPIED = "app/statistics.py";

async function symbols(query: string): Promise<vscode.SymbolInformation[]> {
  return vscode.commands.executeCommand("vscode.executeWorkspaceSymbolProvider", query);
}

function duplicates(uri: vscode.Uri): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uri).filter(({ source }) => source === "codesearch");
}

async function actions(uri: vscode.Uri, range: vscode.Range): Promise<vscode.CodeAction[]> {
  return vscode.commands.executeCommand("vscode.executeCodeActionProvider", uri, range);
}

test("workspace symbols answer a question, the best first", async () => {
  const [best] = await until("an answer", async () => {
    const found = await symbols("run all jobs until none is left");
    return found.length > 0 && found;
  });
  assert.match(best?.name ?? "", /^drain/);
  assert.equal(best?.location.uri.toString(), file("app/queue.py").toString());
  assert.equal(best.location.range.start.line, 8);
});

test("a word as a query leaves the names of symbols as they are", async () => {
  const names = (await symbols("drain")).map(({ name }) => name);
  assert.ok(names.includes("drain"), names.join());
});

test("a copied function is a diagnostic with its original, and goes when it is suppressed", async () => {
  const uri = file(COPIED);
  await vscode.workspace.fs.writeFile(uri, Buffer.from(COPY));
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document);
  const [found] = await until("the diagnostic", () => duplicates(uri).length > 0 && duplicates(uri));
  assert.ok(found);
  assert.equal(typeof found.code === "object" ? found.code.value : found.code, "CS002");
  assert.equal(found.severity, vscode.DiagnosticSeverity.Information);
  assert.equal(found.range.start.line, 0);
  const original = found.relatedInformation?.[0]?.location;
  assert.equal(original?.uri.toString(), file("app/report.py").toString());
  assert.equal(original.range.start.line, 0);

  const offered = await actions(uri, found.range);
  const suppress = offered.find(({ edit }) => edit !== undefined);
  assert.ok(suppress?.edit, offered.map(({ title }) => title).join());
  assert.ok(await vscode.workspace.applyEdit(suppress.edit));
  assert.match(document.getText(), /codesearch: ignore\[CS002\]/);
  await document.save();
  await until("no diagnostic", () => duplicates(uri).length === 0);
  await vscode.workspace.fs.delete(uri);
});

test("lenses over functions are there only for who wants them", async () => {
  const uri = file("app/queue.py");
  await vscode.window.showTextDocument(uri);
  const lenses = (): Thenable<vscode.CodeLens[]> => vscode.commands.executeCommand("vscode.executeCodeLensProvider", uri, 9);
  assert.deepEqual(await lenses(), []);
  const configuration = vscode.workspace.getConfiguration("codesearch");
  await configuration.update("codeLens", true, vscode.ConfigurationTarget.Global);
  try {
    const found = await until("lenses", async () => (await lenses()).length > 0 && lenses());
    assert.deepEqual(found.map(({ range }) => range.start.line), [3, 8]);
  } finally {
    await configuration.update("codeLens", undefined, vscode.ConfigurationTarget.Global);
  }
});
