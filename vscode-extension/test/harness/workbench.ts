// A window of VS Code as a person finds it: by roles and names, never by how it is built.

import type { Frame, Locator, Page } from "playwright-core";

import { PATIENCE, until } from "./until";

export interface Cursor {
  line: number;
  column: number;
}

export class Workbench {
  constructor(readonly page: Page) {}

  /** Ready as soon as what extensions contribute is there. */
  async appears(): Promise<void> {
    await this.container.waitFor();
  }

  /** Loads the window anew in the way that lets it write down what it knows. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent("domcontentloaded");
    await this.command("Developer: Reload Window");
    await loaded;
    await this.appears();
  }

  /** Our icon in the bar at the side. */
  get container(): Locator {
    return this.page.getByRole("tab", { name: /^Code Search/ });
  }

  get results(): Locator {
    return this.page.getByRole("tree", { name: /^(Results|Ergebnisse)/ });
  }

  get duplicates(): Locator {
    return this.page.getByRole("tree", { name: /^(Duplicates|Duplikate)/ });
  }

  /** The box that commands, files and lists are picked in. */
  get picker(): Locator {
    return this.page.locator(".quick-input-widget");
  }

  get statusBar(): Locator {
    return this.page.getByRole("status");
  }

  /** Our own item in the status bar. */
  get statusItem(): Locator {
    return this.statusBar.getByRole("button", { name: /^Code Search: / });
  }

  /** Waits until that item says something. */
  async status(text: string): Promise<void> {
    await this.statusBar.getByRole("button", { name: `Code Search: ${text}` }).waitFor();
  }

  /** An entry of the Problems panel, which has to be open. */
  problem(text: RegExp): Locator {
    return this.page.getByRole("tree", { name: /problems/i }).getByRole("treeitem", { name: text });
  }

  editor(file: string): Locator {
    return this.page.getByRole("tab", { name: file, selected: true }).filter({ hasText: file });
  }

  /** Shows our views. A click on their icon hides them if the window has just brought them back by itself. */
  async show(): Promise<void> {
    const heading = this.page.getByRole("heading", { name: "Code Search", level: 2 });
    await until("our views", async () => {
      if (await heading.isVisible()) return true;
      await this.container.click();
      return heading.waitFor({ timeout: 2_000 }).then(
        () => true,
        () => false,
      );
    });
  }

  /** Opens the box with a key and types into it. A key that comes while a webview loads goes nowhere. */
  async pick(key: string, text: string): Promise<void> {
    const box = this.picker.getByRole("textbox");
    await until(`the box that ${key} opens`, async () => {
      await this.page.keyboard.press(key);
      return box.waitFor({ timeout: 2_000 }).then(
        () => true,
        () => false,
      );
    });
    await box.fill(text);
  }

  /** Runs a command from the palette, by its title. */
  async command(title: string): Promise<void> {
    if (!(await this.tryCommand(title))) throw new Error(`no command ${title}`);
  }

  /** Runs a command, or leaves the palette if it is not offered there. */
  async tryCommand(title: string): Promise<boolean> {
    await this.pick("F1", `>${title}`);
    // A key or where it comes from follows; other commands have the title as a part of theirs.
    const option = this.picker.getByRole("option", { name: new RegExp(`^${literally(title)}(, |$)`) });
    const any = this.picker.getByRole("option");
    await any.first().waitFor();
    const offered = (await option.count()) > 0;
    if (offered) await option.first().click();
    else await this.page.keyboard.press("Escape");
    return offered;
  }

  /** Saves the file that has the focus; the window's title has a dot until that is done. */
  async save(): Promise<void> {
    await this.page.keyboard.press("Control+s");
    await until("the file to be saved", async () => !(await this.page.title()).startsWith("●"));
  }

  /** Applies a code action at the cursor, with the keyboard: what comes up lets no pointer through for a while. */
  async quickFix(title: RegExp): Promise<void> {
    await this.page.keyboard.press("Control+.");
    await this.page.getByRole("option", { name: title }).waitFor();
    await until(`the focus on ${String(title)}`, async () => {
      if (title.test(await this.#focus())) return true;
      await this.page.keyboard.press("ArrowDown");
      return false;
    });
    await this.page.keyboard.press("Enter");
  }

  /** Waits until an item has the keyboard's focus in a tree. */
  async focused(name: RegExp): Promise<void> {
    await until(`the focus on ${String(name)}`, async () => name.test(await this.#focus()));
  }

  /** What a screen reader calls the item that has the keyboard's focus in a list. */
  async #focus(): Promise<string> {
    return this.page.evaluate(() => {
      const id = document.activeElement?.getAttribute("aria-activedescendant");
      return (id && document.getElementById(id)?.getAttribute("aria-label")) ?? "";
    });
  }

  /** Opens a file by its name. */
  async open(file: string): Promise<void> {
    await this.pick("Control+p", file);
    await this.picker.getByRole("option", { name: file.split("/").at(-1) ?? file }).first().waitFor();
    await this.page.keyboard.press("Enter");
    await this.editor(file.split("/").at(-1) ?? file).waitFor();
  }

  /** Where the cursor is in the editor. */
  async cursor(): Promise<Cursor> {
    const shown = this.statusBar.getByRole("button", { name: /^Ln \d+, Col \d+/ });
    const [, line, column] = /Ln (\d+), Col (\d+)/.exec(await shown.innerText()) ?? [];
    return { line: Number(line), column: Number(column) };
  }

  /** Waits until an editor is on top with its cursor in a line. */
  async isAt(file: string, line: number, patience = PATIENCE): Promise<void> {
    await this.editor(file).waitFor({ timeout: patience });
    await until(`line ${line} of ${file}`, async () => (await this.cursor()).line === line, patience);
  }

  /** Puts text into the editor that has the focus, as it is: the editor completes and indents nothing. */
  async insert(text: string, line: number): Promise<void> {
    await this.pick("Control+g", `:${line}`);
    await this.page.keyboard.press("Enter");
    await this.page.keyboard.press("Home");
    await this.page.keyboard.insertText(text);
  }

  /** The item of a function in the tree of results, by what a screen reader says of it. */
  result(name: string): Locator {
    return this.results.getByRole("treeitem", { name: new RegExp(`^${literally(name)}, `) });
  }

  /** Opens a result. A click that meets rows just being replaced by newer ones is lost, so it may take another. */
  async openResult(name: string, file: string, line: number): Promise<void> {
    await until(`${name} in ${file}, line ${line}`, async () => {
      await this.page.mouse.move(0, 0); // a tooltip would be in the way
      await this.page.getByRole("tooltip").waitFor({ state: "hidden" });
      await this.result(name).click();
      return this.isAt(file, line, 5_000).then(
        () => true,
        () => false,
      );
    });
  }

  /** Asks in the search view; the answer is awaited by what looks for it. */
  async ask(question: string): Promise<void> {
    await this.show();
    const box = (await this.searchPage()).getByRole("textbox", { name: /^(Question|Frage)$/ });
    await box.fill(question);
    await box.press("Enter");
  }

  /** The page of the search view. A webview's frame is replaced while it loads; ours says when it listens. */
  async searchPage(): Promise<Frame> {
    return until("the page of the search view", async () => {
      for (const frame of this.page.frames()) {
        const ready = await frame
          .locator("body[data-ready]")
          .isVisible()
          .catch(() => false);
        if (ready) return frame;
      }
      return null;
    });
  }
}

function literally(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&");
}
