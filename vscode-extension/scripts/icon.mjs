// Draws media/icon.png, which the gallery wants, from icon.svg: `npm run icon`, with Chromium at hand.
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const svg = readFileSync(new URL("../media/icon.svg", import.meta.url), "utf8").replace("#000", "#fff");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const page = await browser.newPage({ viewport: { width: 128, height: 128 } });
await page.setContent(`<style>
  body { margin: 0; display: grid; place-items: center; height: 128px; border-radius: 26px;
    background: linear-gradient(160deg, #2a6fa8, #16324f); }
  svg { width: 84px; height: 84px; }
</style>${svg}`);
await page.screenshot({ path: new URL("../media/icon.png", import.meta.url).pathname, omitBackground: true });
await browser.close();
