import { fileURLToPath } from "node:url";
import esbuild from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, describe, expect, it, vi } from "vitest";
import { l10n, Uri } from "vscode";
import { pageHtml } from "../../src/search/html";
import { launchBrowser } from "../harness/browser";

const source = (name: string) => fileURLToPath(new URL(`../../src/search/page/${name}`, import.meta.url));

async function bundled(name: string): Promise<string> {
  const { outputFiles } = await esbuild.build({
    entryPoints: [source(name)],
    bundle: true,
    write: false,
    loader: { ".svg": "dataurl" },
  });
  return outputFiles.map(({ text }) => text).join("");
}

/** Without a browser there is no page to measure; everything else is tested without one. */
const browser: Browser | undefined = await launchBrowser().catch((error: unknown) => {
  if (String(error).includes("no browser")) return undefined;
  throw error;
});

afterAll(() => browser?.close());

describe.skipIf(!browser)("the box for the question in a narrow side bar", () => {
  const API = "globalThis.acquireVsCodeApi = () => ({ postMessage() {}, setState() {}, getState() {} })";
  const LAYOUT = `(() => {
    const query = document.querySelector("#query");
    const { left, right } = document.querySelector(".box").getBoundingClientRect();
    const { clientWidth, clientHeight, scrollHeight } = query;
    return { left, right, page: document.documentElement.scrollWidth, clientWidth, clientHeight, scrollHeight };
  })()`;

  interface Layout {
    left: number;
    right: number;
    page: number;
    clientWidth: number;
    clientHeight: number;
    scrollHeight: number;
  }

  async function layoutOf(placeholder: string, question: string): Promise<Layout> {
    vi.spyOn(l10n, "t").mockImplementation(((text: string) => (text === "Ask in plain words" ? placeholder : text)) as never);
    const webview = { cspSource: "", asWebviewUri: () => "about:blank" };
    const page = await browser?.newPage({ viewport: { width: 170, height: 110 } });
    if (!page) throw new Error("no page");
    try {
      const html = pageHtml(webview as never, Uri.file("/extension")).replace(/<meta http-equiv[^>]*>|<script.*<\/script>/g, "");
      await page.setContent(html);
      await page.addStyleTag({ content: `:root { --vscode-font-size: 13px; } body { margin: 0; } ${await bundled("page.css")}` });
      await page.addScriptTag({ content: API });
      await page.addScriptTag({ content: await bundled("page.ts") });
      if (question) await page.fill("#query", question);
      return await page.evaluate<Layout>(LAYOUT);
    } finally {
      await page.close();
    }
  }

  it.each([
    ["Ask in plain words", ""],
    ["In einfachen Worten fragen", ""],
    ["Ask in plain words", "where do we give up after too many redirects"],
  ])("is not clipped: %s %s", async (placeholder, question) => {
    const { left, right, page, clientWidth, clientHeight, scrollHeight } = await layoutOf(placeholder, question);
    expect(page).toBe(170);
    expect(left).toBeGreaterThanOrEqual(0);
    expect(right).toBeLessThanOrEqual(170);
    expect(clientWidth).toBeGreaterThan(140);
    expect(scrollHeight).toBeLessThanOrEqual(clientHeight);
  });
});
