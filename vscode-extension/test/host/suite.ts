// Tests that run inside VS Code's extension host, one after the other. What they say goes to the console of
// whoever opened the window.

interface Case {
  name: string;
  body: () => void | Promise<void>;
}

const CASE_PATIENCE = 60_000;
const cases: Case[] = [];

export function test(name: string, body: Case["body"]): void {
  cases.push({ name, body });
}

async function inTime(body: Case["body"]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`not done after ${String(CASE_PATIENCE / 1000)} s`));
    }, CASE_PATIENCE);
  });
  await Promise.race([body(), late]).finally(() => {
    clearTimeout(timer);
  });
}

/** Runs what was declared; an error tells VS Code, and so the browser, that not all went well. */
export async function runAll(): Promise<void> {
  const failed: string[] = [];
  for (const { name, body } of cases) {
    const start = performance.now();
    try {
      await inTime(body);
      console.log(`ok      ${name} (${(performance.now() - start).toFixed(0)} ms)`);
    } catch (error) {
      failed.push(name);
      console.error(`FAILED  ${name}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }
  console.log(`${String(cases.length - failed.length)} passed, ${String(failed.length)} failed`);
  if (failed.length > 0 || cases.length === 0) throw new Error(`failed: ${failed.join(", ") || "no test at all"}`);
}
