// What package.json promises and what VS Code has are the same.

import assert from "node:assert/strict";
import * as vscode from "vscode";

import { commands, extension, restricted, settings, strings } from "./extension";
import { test } from "./suite";

/** Settings that name a program, or say where code goes: no folder may decide these. */
const GUARDED = /\.(path|installFrom|backend|model|endpoint|dimension|indexFolder)$/;

test("every command that is offered is there", async () => {
  await extension().activate();
  const known = new Set(await vscode.commands.getCommands(true));
  const offered = commands().map(([command]) => command);
  assert.notEqual(offered.length, 0);
  assert.deepEqual(offered.filter((command) => !known.has(command)), []);
});

test("titles are in the language of the window", () => {
  const texts = strings(vscode.env.language === "de" ? "package.nls.de.json" : "package.nls.json");
  for (const [command, title] of commands()) {
    assert.ok(Object.values(texts).includes(title), `${command}: ${title}`);
  }
});

test("messages have the language of the window", () => {
  const english = strings("l10n/bundle.l10n.de.json");
  const [text, german] = Object.entries(english).find(([key, value]) => key !== value && !key.includes("{")) ?? [];
  assert.ok(text !== undefined && german !== undefined);
  assert.equal(vscode.l10n.t(text), vscode.env.language === "de" ? german : text);
});

test("a folder can't choose a program or where code is sent", async () => {
  const guarded = settings().filter(([name]) => GUARDED.test(name));
  assert.equal(guarded.length, 7);
  for (const [name, { scope }] of guarded) {
    if (name === "codesearch.path") {
      assert.equal(scope, "machine-overridable");
    } else {
      assert.equal(scope, "machine", name);
      const write = vscode.workspace.getConfiguration().update(name, "x", vscode.ConfigurationTarget.Workspace);
      await assert.rejects(Promise.resolve(write), name);
    }
  }
  assert.deepEqual(guarded.map(([name]) => name).filter((name) => !restricted().includes(name)), []);
});
