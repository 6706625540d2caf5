import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

export interface RunOptions {
  cwd: string;
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
  /** After so many milliseconds the process is ended and counts as failed. */
  timeout?: number;
  onLine?: (line: string) => void;
}

export interface Ended {
  /** null: ended by a signal, or never started. */
  code: number | null;
  /** Everything that it wrote, both streams as they came. */
  output: string;
}

/** Runs a program to its end, in a process group of its own so that its children end with it. */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<Ended> {
  const { cwd, env, signal, timeout, onLine } = options;
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve({ code: null, output: "" });
      return;
    }
    const child = spawn(command, args, {
      cwd,
      env: env ?? process.env,
      detached: process.platform !== "win32",
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
    });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        onLine?.(line);
      });
    }
    const end = () => void endTree(child);
    const timer = timeout === undefined ? undefined : setTimeout(end, timeout);
    signal?.addEventListener("abort", end, { once: true });
    const finish = (code: number | null) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve({ code, output: lines.join("\n") });
    };
    child.on("error", (error) => {
      lines.push(error.message);
      finish(null);
    });
    child.on("close", finish);
  });
}

const GRACE_MS = 2000;

/** Ends a process and its children: asked first, then not. */
export async function endTree(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => { resolve(); }));
  if (process.platform === "win32") {
    spawn("taskkill", ["/PID", String(pid), "/T", "/F"], { stdio: "ignore", windowsHide: true });
    await ended;
    return;
  }
  signalGroup(pid, "SIGTERM");
  const timer = setTimeout(() => { signalGroup(pid, "SIGKILL"); }, GRACE_MS);
  await ended;
  clearTimeout(timer);
  // What is left of the group when its leader is gone.
  signalGroup(pid, "SIGKILL");
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}
