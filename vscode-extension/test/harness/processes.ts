// Programs that tests start: each one the head of a process group, so that nothing of it outlives a test.

import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

import { until } from "./until";

const GRACE = 5_000;

export interface Program {
  command: string;
  args: readonly string[];
  environment: Record<string, string>;
  folder?: string;
}

/** A program that runs in the background; what it says is kept for the message of a failure. */
export class Running {
  #said = "";
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor({ command, args, environment, folder }: Program) {
    this.#child = spawn(command, args, {
      cwd: folder,
      env: environment,
      detached: true, // a group of its own
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#said += text;
      });
    }
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", resolve);
    });
    this.#ended.catch(() => undefined); // whoever waits for it is told
  }

  get said(): string {
    return this.#said;
  }

  get pid(): number {
    return this.#child.pid ?? Number.NaN;
  }

  /** Waits for something to be said and gives its groups. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    let over = false;
    const end = (): void => {
      over = true;
    };
    this.#ended.then(end, end);
    return until(`${String(pattern)} from a program`, () => {
      const found = pattern.exec(this.#said);
      if (found === null && over) throw new Error(`it ended: ${this.#said}`);
      return found;
    });
  }

  /** Its end: what it said, or an error if it failed. */
  async done(): Promise<string> {
    const code = await this.#ended;
    if (code !== 0) throw new Error(`exit code ${String(code)}: ${this.#said}`);
    return this.#said;
  }

  /** Ends the whole group, by force if asking does not help. */
  async stop(): Promise<void> {
    if (!this.#signal("SIGTERM")) return;
    const force = setTimeout(() => this.#signal("SIGKILL"), GRACE);
    await this.#ended.catch(() => null);
    clearTimeout(force);
    this.#signal("SIGKILL"); // children that ignored the first one
  }

  #signal(name: NodeJS.Signals): boolean {
    try {
      return process.kill(-this.pid, name);
    } catch {
      return false; // nobody left
    }
  }
}

export interface Seen {
  pid: number;
  parent: number;
  command: string;
}

/** The processes whose HOME is a folder: all that a test's VS Code started, however they are detached. */
export function processesOf(home: string): Seen[] {
  const seen: Seen[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const environment = readFileSync(`/proc/${name}/environ`, "utf8").split("\0");
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      // Without a command line it is over and only waits to be counted.
      if (command === "" || !environment.includes(`HOME=${home}`)) continue;
      const parent = Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1]);
      seen.push({ pid: Number(name), parent, command });
    } catch {
      // It ended while we looked.
    }
  }
  return seen;
}
