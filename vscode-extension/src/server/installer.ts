import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { lookUp, type SearchPath } from "./lookup";
import { run } from "./process";
import { pythonOf } from "./program";

/** A way to install codesearch. */
export interface Tool {
  kind: "uv" | "python" | "pipx";
  command: string;
  args: readonly string[];
}

export interface Installation {
  /** What is installed: a folder, a wheel or an address, with what a backend needs. */
  requirement: string;
  /** The folder of our own environment. */
  environment: string;
  cwd: string;
  signal: AbortSignal;
  onLine: (line: string) => void;
}

export type Outcome = { kind: "installed" } | { kind: "cancelled" } | { kind: "failed"; line: string };

/** The lowest version of Python that codesearch runs on. */
const LOWEST_PYTHON = [3, 11] as const;

const PYTHONS: readonly (readonly [name: string, ...args: string[]])[] = [
  ["python3.14"],
  ["python3.13"],
  ["python3.12"],
  ["python3.11"],
  ["python3"],
  ["python"],
  ["py", "-3"],
];

/** The tools at hand, the best first: uv or else a Python, and pipx for who wants that. */
export async function tools(where: SearchPath, cwd: string): Promise<Tool[]> {
  const found: Tool[] = [];
  const uv = lookUp("uv", where);
  if (uv) found.push({ kind: "uv", command: uv, args: [] });
  else {
    const python = await findPython(where, cwd);
    if (python) found.push(python);
  }
  const pipx = lookUp("pipx", where);
  if (pipx) found.push({ kind: "pipx", command: pipx, args: [] });
  return found;
}

async function findPython(where: SearchPath, cwd: string): Promise<Tool | undefined> {
  for (const [name, ...args] of PYTHONS) {
    const command = lookUp(name, where);
    if (!command) continue;
    const ask = "import sys, venv, ensurepip; print(*sys.version_info[:2])";
    const { code, output } = await run(command, [...args, "-c", ask], { cwd, timeout: 20_000 });
    const [major = 0, minor = 0] = output.trim().split(" ").map(Number);
    const [lowestMajor, lowestMinor] = LOWEST_PYTHON;
    if (code === 0 && (major > lowestMajor || (major === lowestMajor && minor >= lowestMinor))) {
      return { kind: "python", command, args };
    }
  }
  return undefined;
}

/** What has to be installed for a backend: some need libraries of their own. */
export function requirementFor(source: string, backend: string): string {
  if (!backend || backend === "local") return source;
  // Brackets after an address would belong to it.
  return isAddress(source) ? `codesearch[${backend}] @ ${source}` : `${source}[${backend}]`;
}

/** Whether something is an address rather than a path. */
export function isAddress(source: string): boolean {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(source);
}

/** Installs codesearch, or brings it up to date. What was begun and not ended is removed. */
export async function install(tool: Tool, installation: Installation): Promise<Outcome> {
  const { requirement, environment, cwd, signal, onLine } = installation;
  if (requirement.startsWith("-")) {
    return { kind: "failed", line: `${requirement} is no package` }; // it would be an option
  }
  await mkdir(cwd, { recursive: true });
  const isNew = tool.kind !== "pipx" && !(await isWhole(environment, cwd));
  if (isNew) await rm(environment, { recursive: true, force: true });
  let last = "";
  for (const [command, ...args] of steps(tool, requirement, environment, isNew)) {
    onLine(`> ${[command, ...args].join(" ")}`);
    const { code, output } = await run(command, args, {
      cwd,
      signal,
      onLine: (line) => {
        if (!line.trim()) return;
        last = line;
        onLine(line);
      },
    });
    if (code === 0 && !signal.aborted) continue;
    if (isNew) await rm(environment, { recursive: true, force: true });
    return signal.aborted ? { kind: "cancelled" } : { kind: "failed", line: last || output };
  }
  return { kind: "installed" };
}

/** Whether an environment can be used: one whose making was cut short has a Python that has nothing to run. */
async function isWhole(environment: string, cwd: string): Promise<boolean> {
  for (const module of ["codesearch", "pip"]) {
    const { code } = await run(pythonOf(environment), ["-m", module, "--version"], { cwd, timeout: 60_000 });
    if (code === 0) return true;
  }
  return false;
}

function steps(tool: Tool, requirement: string, environment: string, isNew: boolean): [string, ...string[]][] {
  const { command, args } = tool;
  const python = pythonOf(environment);
  switch (tool.kind) {
    case "uv": {
      const lowest = `>=${LOWEST_PYTHON.join(".")}`;
      const make: [string, ...string[]] = [command, "venv", "--python", lowest, environment];
      return [
        ...(isNew ? [make] : []),
        [command, "pip", "install", "--upgrade", "--python", python, requirement],
      ];
    }
    case "python":
      return [
        ...(isNew ? [[command, ...args, "-m", "venv", environment] as [string, ...string[]]] : []),
        [python, "-m", "pip", "install", "--upgrade", "--disable-pip-version-check", requirement],
      ];
    case "pipx":
      return [[command, "install", "--force", requirement]];
  }
}

/** The folder of our own environment, under the extension's storage. */
export function environmentIn(storage: string): string {
  return path.join(storage, "environment");
}
