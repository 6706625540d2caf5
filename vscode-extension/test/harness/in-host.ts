// A window of VS Code whose extension host runs our tests, as VS Code's own tests in browsers do.

import type { Browser } from "playwright-core";

import type { Payload, Server } from "./server";

export interface Outcome {
  code: number;
  lines: string[];
}

export interface Run {
  server: Server;
  browser: Browser;
  /** The folder or .code-workspace that is opened. */
  opened: string;
  /** The extension's folder, built but not packed. */
  extension: string;
  /** A CommonJS module with a function `run`. */
  tests: string;
}

/** Opens the window, waits for the end of the tests, and gives what they said. */
export async function runInHost({ server, browser, opened, extension, tests }: Run): Promise<Outcome> {
  const page = await browser.newPage();
  const lines: string[] = [];
  try {
    // Both are names that VS Code looks for in the window.
    await page.exposeFunction("codeAutomationLog", (_type: string, args: unknown[]) => {
      lines.push(args.join(" "));
    });
    const exit = new Promise<number>((resolve) => {
      void page.exposeFunction("codeAutomationExit", resolve);
    });
    const payload: Payload = [
      ["extensionDevelopmentPath", server.remote(extension)],
      ["extensionTestsPath", server.remote(tests)],
      ["skipWelcome", "true"],
    ];
    await page.goto(server.address(opened, payload));
    return { code: await exit, lines };
  } finally {
    await page.close();
  }
}
