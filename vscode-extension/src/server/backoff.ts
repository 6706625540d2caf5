const FIRST_MS = 1000;
const LONGEST_MS = 60_000;
/** Who lives so long has recovered: its death counts as the first again. */
const RECOVERED_MS = 60_000;
/** After so many deaths in a row somebody is told. */
const TOLD_AFTER = 5;

/** How long to wait before a server that died is started again: 1, 2, 4 ... 60 seconds. */
export class Backoff {
  private deaths = 0;

  /** Notes a death after so many milliseconds of life; gives the wait and whether to tell. */
  died(livedMs: number): { waitMs: number; tell: boolean } {
    if (livedMs >= RECOVERED_MS) this.deaths = 0;
    const waitMs = Math.min(FIRST_MS * 2 ** this.deaths, LONGEST_MS);
    this.deaths++;
    return { waitMs, tell: this.deaths === TOLD_AFTER };
  }

  reset(): void {
    this.deaths = 0;
  }
}
