import type { Memento } from "vscode";

const KEY = "codesearch.history";
const MOST = 50;

/** The questions that were asked in this workspace, the newest first. */
export class History {
  constructor(private readonly memento: Memento) {}

  get all(): readonly string[] {
    return this.memento.get<string[]>(KEY, []);
  }

  async add(query: string): Promise<void> {
    const text = query.trim();
    if (!text) return;
    const others = this.all.filter((other) => other !== text);
    await this.memento.update(KEY, [text, ...others].slice(0, MOST));
  }

  async clear(): Promise<void> {
    await this.memento.update(KEY, undefined);
  }
}
