import { accessSync, constants, realpathSync, statSync } from "node:fs";
import path from "node:path";

/** Where programs may be looked for. */
export interface SearchPath {
  /** The value of PATH. */
  path: string | undefined;
  /** Folders further back than those of PATH. */
  further?: readonly string[];
  /** The folders of the workspace: what lies in them is never found. */
  workspace: readonly string[];
}

/**
 * A program by its name, as a shell finds it, but never in the workspace and never by a relative
 * entry of PATH: a repository that was just cloned must not choose what runs.
 */
export function lookUp(name: string, { path: list, further = [], workspace }: SearchPath): string | undefined {
  const forbidden = workspace.flatMap((folder) => [path.resolve(folder), real(folder)]);
  const suffixes = process.platform === "win32" ? [".exe"] : [""];
  for (const folder of [...(list ?? "").split(path.delimiter), ...further]) {
    if (!path.isAbsolute(folder)) continue;
    for (const suffix of suffixes) {
      const file = path.join(folder, name + suffix);
      // Both names count: a link in the workspace may lead out of it, one outside may lead in.
      if (isProgram(file) && ![file, real(file)].some((f) => forbidden.some((w) => isInside(f, w)))) {
        return file;
      }
    }
  }
  return undefined;
}

export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Whether a path is a folder or lies in it. */
export function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== ".." && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

function real(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return path.resolve(file);
  }
}
