// Repositories to open: small ones written here, and a real one out of what the program's own Python has.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Who commits: nobody's configuration is read or written. */
const AUTHOR = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false"];

export class Repository {
  constructor(readonly folder: string) {}

  static create(folder: string, files: Record<string, string>): Repository {
    const repository = new Repository(folder);
    mkdirSync(folder, { recursive: true });
    repository.#git("init", "--quiet");
    repository.write(files);
    repository.commit();
    return repository;
  }

  /** A package of the Python that the program runs on: code that people wrote, in the version that is there. */
  static ofPackage(folder: string, program: string, name: string): Repository {
    const where = `import ${name}, pathlib; print(pathlib.Path(${name}.__file__).parent)`;
    const source = execFileSync(join(dirname(program), "python"), ["-c", where], { encoding: "utf8" }).trim();
    const filter = (file: string): boolean => !file.endsWith("__pycache__");
    cpSync(source, join(folder, "src", name), { recursive: true, filter });
    return Repository.create(folder, { "README.md": `# ${name}\n` });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(files: Record<string, string>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(this.path(name)), { recursive: true });
      writeFileSync(this.path(name), text);
    }
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  /** The number, from 1, of the line that a text begins in. */
  line(name: string, text: string): number {
    const lines = this.read(name).split("\n");
    const found = lines.findIndex((line) => line.includes(text));
    if (found < 0) throw new Error(`${name} has no ${text}`);
    return found + 1;
  }

  commit(): void {
    this.#git("add", "--all");
    this.#git(...AUTHOR, "commit", "--quiet", "--message", "As it was");
  }

  #git(...args: string[]): void {
    execFileSync("git", ["-C", this.folder, ...args], { stdio: "ignore" });
  }
}
