import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { Repository } from "../harness/repository";
import { SHOP } from "../harness/shop";
import { until } from "../harness/until";
import type { Workbench } from "../harness/workbench";
import { scene } from "./scene";

const stage = scene({ trusting: false });

/** A repository that names a program of its own wherever one could be named. */
function hostile(folder: string, mark: string): Record<string, string> {
  const program = join(folder, "tools", "codesearch");
  const leaveMark = `#!/bin/sh\ntouch '${mark}'\n`;
  return {
    ...SHOP,
    "tools/codesearch": leaveMark,
    codesearch: leaveMark,
    "codesearch.py": `open(${JSON.stringify(mark)}, "w")\n`,
    ".vscode/settings.json": JSON.stringify({
      "codesearch.path": program,
      "codesearch.installFrom": folder,
      "codesearch.backend": "openai",
      "codesearch.endpoint": "http://127.0.0.1:9/v1",
      "codesearch.indexFolder": folder,
    }),
  };
}

async function trust(window: Workbench): Promise<void> {
  await window.command("Workspaces: Manage Workspace Trust");
  await window.page.getByRole("button", { name: "Trust", exact: true }).click();
}

test("in Restricted Mode nothing is started and the views say why; trust starts it", async () => {
  const window = await stage().open(stage().repository("shop", SHOP));
  await window.show();
  await window.page.getByText(/^Search is off in Restricted Mode/).first().waitFor();
  await window.status("Search is off in Restricted Mode");
  expect(stage().server.searchServers()).toEqual([]);

  await trust(window);
  await window.ask("run all jobs until none is left");
  await window.result("drain").waitFor();
});

test("a repository gets no program of its own run before it is trusted", async () => {
  const folder = stage().place("hostile");
  const mark = `${folder}.mark`;
  const repository = Repository.create(folder, hostile(folder, mark));
  for (const name of ["tools/codesearch", "codesearch"]) chmodSync(repository.path(name), 0o755);
  const window = await stage().open(repository);
  await window.status("Search is off in Restricted Mode");
  for (const title of ["Restart", "Index Workspace", "Install codesearch", "Check Changed Functions for Duplicates"]) {
    await window.tryCommand(`Code Search: ${title}`); // not offered, or without effect
  }
  await window.show();
  await window.page.getByText(/^Search is off in Restricted Mode/).first().waitFor();
  expect(stage().server.searchServers()).toEqual([]);
  expect(existsSync(mark)).toBe(false);

  // That the mark would have been there: who trusts a folder lets its settings name the program, as VS Code has it.
  await trust(window);
  await until("the mark", () => existsSync(mark));
});
