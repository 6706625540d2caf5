// What a scenario plays in: a user with our extension installed, VS Code's server, a browser, and windows in it.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, onTestFinished } from "vitest";

import { launchBrowser } from "../harness/browser";
import { Home, type Settings } from "../harness/home";
import { codesearch } from "../harness/program";
import { Repository } from "../harness/repository";
import { installExtension, type Payload, Server, type ServerOptions } from "../harness/server";
import { PATIENCE } from "../harness/until";
import { Workbench } from "../harness/workbench";

const EXTENSION = join(import.meta.dirname, "..", "..");
const VSIX = join(EXTENSION, "codesearch.vsix");
const FAILURES = join(EXTENSION, ".vscode-host", "failures");

export interface SceneOptions extends ServerOptions {
  /** Settings of the machine besides the program's path; `"codesearch.path": undefined` takes that out. */
  settings?: Settings;
}

export interface WindowOptions extends BrowserContextOptions {
  payload?: Payload;
}

export class Scene {
  #repositories = 0;

  private constructor(
    readonly home: Home,
    readonly server: Server,
    readonly browser: Browser,
  ) {}

  static async set({ settings, ...options }: SceneOptions): Promise<Scene> {
    const home = new Home({ "codesearch.path": codesearch(), ...settings });
    if (options.locale !== undefined) home.addLanguagePack(options.locale);
    await installExtension(home, VSIX);
    const server = await Server.start(home, options);
    return new Scene(home, server, await launchBrowser());
  }

  /** A folder for a new repository, the name of which is what VS Code shows. */
  place(name: string): string {
    this.#repositories += 1;
    return join(this.home.folder, "work", String(this.#repositories), name);
  }

  repository(name: string, files: Record<string, string>): Repository {
    return Repository.create(this.place(name), files);
  }

  realRepository(name = "click"): Repository {
    return Repository.ofPackage(this.place(name), codesearch(), name);
  }

  /** A window of a browser that knows nothing of earlier ones; it goes with the test. */
  async open(opened?: Repository | string, { payload, ...options }: WindowOptions = {}): Promise<Workbench> {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(PATIENCE);
    onTestFinished(async ({ task }) => {
      if (task.result?.state === "fail") await this.#keep(context, task.name);
      await context.close();
    });
    const page = await context.newPage();
    await page.goto(this.server.address(opened instanceof Repository ? opened.folder : opened, payload));
    const window = new Workbench(page);
    await window.appears();
    return window;
  }

  async strike(): Promise<void> {
    await this.browser.close();
    try {
      await this.server.stop();
    } finally {
      this.home.remove();
    }
  }

  /** What was to be seen when a test failed. */
  async #keep(context: BrowserContext, test: string): Promise<void> {
    mkdirSync(FAILURES, { recursive: true });
    for (const [number, page] of context.pages().entries()) {
      const file = join(FAILURES, `${test.replaceAll(/\W+/g, "-")}-${number}`);
      await page.screenshot({ path: `${file}.png` });
      writeFileSync(`${file}.txt`, await page.locator("body").ariaSnapshot());
      console.error(`${file}.png, and .txt: ${page.url()}`);
    }
    console.error(this.server.running.said);
  }
}

/** A scene for all tests of a file, to be called at its top. */
export function scene(options: SceneOptions = {}): () => Scene {
  let current: Scene | undefined;
  beforeAll(async () => {
    current = await Scene.set(options);
  });
  afterAll(async () => {
    await current?.strike();
  });
  return () => {
    if (current === undefined) throw new Error("the scene is set when tests run");
    return current;
  };
}
