import { expect, test } from "vitest";

import { codesearch } from "../harness/program";
import { SHOP } from "../harness/shop";
import { until } from "../harness/until";
import { scene } from "./scene";

const stage = scene();

test("a server that was killed is started again, and answers", async () => {
  const window = await stage().open(stage().repository("shop", SHOP));
  await window.ask("run all jobs until none is left");
  await window.result("drain").waitFor();
  const [first, ...others] = stage().server.searchServers();
  expect(others).toEqual([]);
  if (first === undefined) throw new Error("no server");

  process.kill(first.pid, "SIGKILL");
  await window.ask("parse the configuration file");
  await window.result("load").waitFor();
  const [second] = stage().server.searchServers();
  expect(second?.pid).not.toBe(first.pid);
});

test("the server ends with its window", async () => {
  const window = await stage().open(stage().repository("shop", SHOP));
  await window.ask("run all jobs until none is left");
  await window.result("drain").waitFor();
  const ours = stage().server.searchServers().map(({ pid }) => pid);
  await window.reload();
  await until("the old window's server to end", () =>
    stage().server.searchServers().every(({ pid }) => !ours.includes(pid)),
  );
});

test("where the command is not found the view says so, and finds it when the setting is right", async () => {
  stage().home.set({ "codesearch.path": "/nowhere/codesearch" });
  const window = await stage().open(stage().repository("shop", SHOP));
  await window.show();
  await window.page.getByRole("button", { name: "Install codesearch" }).waitFor();
  await window.status("The program that codesearch.path names does not run: /nowhere/codesearch");
  expect(stage().server.searchServers()).toEqual([]);

  stage().home.set({ "codesearch.path": codesearch() });
  await window.ask("run all jobs until none is left");
  await window.result("drain").waitFor();
});
