// What the extension costs in a real VS Code, as raw numbers for benchmarks/editor.py, which starts this.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Frame, Page } from "playwright-core";
import { test } from "vitest";

import { scene } from "../e2e/scene";
import { until } from "../harness/until";
import type { Workbench } from "../harness/workbench";

interface Task {
  repository: string;
  questions: string[];
  rounds: number;
  /** Where the numbers go. */
  out: string;
}

interface Measured {
  /** Milliseconds from the press of Enter to the frame that shows the results. */
  painted: number[];
  /** Milliseconds that VS Code says our activation took, in one window after the other. */
  activations: number[];
  /**
   * The longest time in milliseconds for which the extension host's thread did nothing else, idle and while questions
   * are asked: at work, and at work or without a processor.
   */
  blocks: { idle: Blocks; asking: Blocks };
  /** Bytes that the server's processes hold in memory together, shared pages counted once. */
  memory: number;
}

type Blocks = [busy: number, paused: number];

const WINDOWS = 5;
const IDLE_MS = 5_000;
/** VS Code holds back what a tree shows if that changed less than 200 ms before; nobody reads as fast. */
const READING_MS = 500;
const task = JSON.parse(process.env.CODESEARCH_EDITOR_TASK ?? "null") as Task;
const noted = `${task.out}.probe`;
// Only Enter asks: what is measured is one question, not the letters before it.
const stage = scene({ settings: { "codesearch.searchAsYouType": false }, environment: { PROBE_FILE: noted } });

test("measure", async () => {
  const probe = stage().server.remote(join(import.meta.dirname, "probe"));
  const window = await stage().open(task.repository, { payload: [["extensionDevelopmentPath", probe]] });
  await window.ask(task.questions[0] ?? "");
  await window.results.getByRole("treeitem").first().waitFor({ timeout: 600_000 }); // the first index

  await blocks(window); // what came before is not asked about
  await pause(IDLE_MS); // nothing to wait for: doing nothing is what is measured
  const idle = await blocks(window);
  const painted: number[] = [];
  for (let round = 0; round < task.rounds; round++) {
    for (const question of task.questions.toReversed()) {
      await pause(READING_MS);
      painted.push(await timed(window, question));
    }
  }
  const asking = await blocks(window);
  const bytes = memory();
  const activations = [await activation(window)];
  while (activations.length < WINDOWS) {
    await window.page.close();
    const another = await stage().open(task.repository);
    activations.push(await activation(another));
    await another.page.close();
  }
  const measured: Measured = { painted, activations, blocks: { idle, asking }, memory: bytes };
  writeFileSync(task.out, JSON.stringify(measured));
}, 1_800_000);

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function timed(window: Workbench, question: string): Promise<number> {
  const page = await window.searchPage();
  const box = page.getByRole("textbox", { name: "Question" });
  await box.fill(question);
  const shown = await othersShown(window.page);
  const pressed = await enterPressed(page);
  await box.press("Enter");
  return (await shown.evaluate((value) => value.at)) - (await pressed.evaluate((value) => value.at));
}

/** The time, on the clock that all frames of a browser share, of the next frame that has other results than now. */
function othersShown(page: Page) {
  return page.evaluateHandle(() => {
    const tree = document.querySelector('[role="tree"][aria-label^="Results"]');
    if (!(tree instanceof HTMLElement)) throw new Error("no results");
    const before = tree.innerText;
    const at = new Promise<number>((resolve) => {
      const observer = new MutationObserver(() => {
        if (tree.innerText === before || tree.innerText === "") return;
        observer.disconnect();
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel(); // told after the frame was painted
          port1.onmessage = () => {
            resolve(performance.timeOrigin + performance.now());
          };
          port2.postMessage(null);
        });
      });
      observer.observe(tree, { childList: true, subtree: true, characterData: true });
    });
    return { at };
  });
}

function enterPressed(frame: Frame) {
  return frame.evaluateHandle(() => ({
    at: new Promise<number>((resolve) => {
      const once = { once: true, capture: true };
      addEventListener("keydown", ({ timeStamp }) => { resolve(performance.timeOrigin + timeStamp); }, once);
    }),
  }));
}

/** The blocks since this was asked last. */
async function blocks(window: Workbench): Promise<Blocks> {
  const notes = (): string[] => (existsSync(noted) ? readFileSync(noted, "utf8").trim().split("\n") : []);
  const before = notes().length;
  await window.command("Probe: Note");
  const now = await until("the probe's note", () => (notes().length > before ? notes() : null));
  return JSON.parse(now.at(-1) ?? "[]") as Blocks;
}

async function activation(window: Workbench): Promise<number> {
  await window.command("Developer: Show Running Extensions");
  const time = /Activation: (\d+)ms/;
  const row = window.page.getByRole("listitem").filter({ hasText: "Code Search" }).filter({ hasText: time });
  const [, milliseconds] = time.exec(await row.innerText()) ?? [];
  return Number(milliseconds);
}

function memory(): number {
  const [server] = stage().server.searchServers();
  if (server === undefined) throw new Error("no server");
  const group = execFileSync("pgrep", ["--pgroup", String(server.pid)], { encoding: "utf8" }).trim().split("\n");
  const kilobytes = group.map((pid) => Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]));
  return 1024 * kilobytes.reduce((sum, size) => sum + size, 0);
}
