import { existsSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { isProgram, lookUp, type SearchPath } from "./lookup";
import { run } from "./process";
import { isAtLeast, LOWEST, versionIn } from "./version";

export type Origin = "setting" | "interpreter" | "path" | "installed";

/** A way to run codesearch: `command args... lsp`. */
export interface Program {
  command: string;
  args: readonly string[];
  origin: Origin;
}

/** What decides where the program is looked for. */
export interface Places {
  /** The setting `codesearch.path`; empty if unset. */
  configured: string;
  /** The Python interpreter that was chosen for the workspace. */
  interpreter: () => Promise<string | undefined>;
  /** Where programs are, PATH above all. */
  programs: SearchPath;
  /** The folder of our own environment. */
  environment: string;
  /** A folder of our own to run in, so that nothing of the workspace can be imported. */
  cwd: string;
}

export type Search =
  | { kind: "found"; program: Program; version: string }
  | { kind: "outdated"; program: Program; version: string }
  | { kind: "missing"; configured?: string };

/** The first program, in the order of `candidates`, that is codesearch and recent enough. */
export async function findProgram(places: Places, signal?: AbortSignal): Promise<Search> {
  let outdated: Search | undefined;
  for await (const program of candidates(places)) {
    const version = await versionOf(program, places.cwd, signal);
    if (version === undefined) continue;
    if (isAtLeast(version, LOWEST)) return { kind: "found", program, version };
    outdated ??= { kind: "outdated", program, version };
  }
  if (outdated) return outdated;
  return places.configured ? { kind: "missing", configured: places.configured } : { kind: "missing" };
}

async function* candidates(places: Places): AsyncGenerator<Program> {
  if (places.configured) {
    // Who names a program wants that one or to be told, not another one.
    const command = expandHome(places.configured);
    if (path.isAbsolute(command) && isProgram(command)) yield { command, args: [], origin: "setting" };
    return;
  }
  const interpreter = await places.interpreter();
  if (interpreter !== undefined && path.isAbsolute(interpreter)) {
    yield { command: interpreter, args: asModule, origin: "interpreter" };
  }
  const found = lookUp("codesearch", places.programs);
  if (found !== undefined) yield { command: found, args: [], origin: "path" };
  const python = pythonOf(places.environment);
  if (existsSync(python)) yield { command: python, args: asModule, origin: "installed" };
}

/** `-P` keeps the current folder out of where Python looks for modules. */
const asModule = ["-P", "-m", "codesearch"];

/** The interpreter of a virtual environment. */
export function pythonOf(environment: string): string {
  return process.platform === "win32"
    ? path.join(environment, "Scripts", "python.exe")
    : path.join(environment, "bin", "python");
}

async function versionOf(program: Program, cwd: string, signal?: AbortSignal): Promise<string | undefined> {
  const { code, output } = await run(program.command, [...program.args, "--version"], {
    cwd,
    timeout: 30_000,
    ...(signal && { signal }),
  });
  return code === 0 ? versionIn(output) : undefined;
}

/** A path with the home folder in place of `~`. */
export function expandHome(file: string): string {
  return file.startsWith("~/") ? path.join(homedir(), file.slice(2)) : file;
}
