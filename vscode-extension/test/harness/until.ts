// Waiting for a condition instead of for time to pass.

const EVERY = 50;

/** As patient as a busy machine needs; a test that passes never waits that long. */
export const PATIENCE = 60_000;

/** Asks again and again until the answer is neither null, undefined nor false. An error of the question ends the wait. */
export async function until<T>(
  what: string | (() => string),
  ask: () => T | Promise<T>,
  patience = PATIENCE,
): Promise<Exclude<T, null | undefined | false>> {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined && answer !== false) {
      return answer as Exclude<T, null | undefined | false>;
    }
    if (Date.now() > end) throw new Error(`waited ${String(patience / 1000)} s in vain for ${typeof what === "string" ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
}
