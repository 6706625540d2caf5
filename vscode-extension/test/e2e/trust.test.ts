import { existsSync } from "node:fs";
import { expect, test } from "vitest";

import { SHOP } from "../harness/shop";
import { scene } from "./scene";

const stage = scene({ trusting: false });

/** A repository that names a program of its own wherever one could be named. */
function hostile(mark: string): Record<string, string> {
  const program = "tools/codesearch";
  return {
    ...SHOP,
    [program]: `#!/bin/sh\ntouch ${mark}\n`,
    codesearch: `#!/bin/sh\ntouch ${mark}\n`,
    "codesearch.py": `open(${JSON.stringify(mark)}, "w")\n`,
    ".vscode/settings.json": JSON.stringify({
      "codesearch.path": program,
      "codesearch.installFrom": ".",
      "codesearch.backend": "openai",
      "codesearch.endpoint": "http://127.0.0.1:9/v1",
      "codesearch.indexFolder": ".",
    }),
  };
}

test("in Restricted Mode nothing is started and the views say why; trust starts it", async () => {
  const window = await stage().open(stage().repository("shop", SHOP));
  await window.show();
  await window.page.getByText(/Restricted Mode/).first().waitFor();
  await window.statusItem.waitFor();
  expect(stage().server.searchServers()).toEqual([]);

  await window.command("Workspaces: Manage Workspace Trust");
  await window.page.getByRole("button", { name: "Trust", exact: true }).click();
  await window.ask("run all jobs until none is left");
  await window.result("drain").waitFor();
});

test("a repository that is not trusted gets nothing of its own run", async () => {
  const mark = stage().place("mark");
  const window = await stage().open(stage().repository("hostile", hostile(mark)));
  await window.show();
  await window.page.getByText(/Restricted Mode/).first().waitFor();
  for (const title of ["Code Search: Restart", "Code Search: Index Workspace"]) {
    // Not offered, or without effect.
    await window.tryCommand(title);
  }
  expect(stage().server.searchServers()).toEqual([]);
  expect(existsSync(mark)).toBe(false);
});
