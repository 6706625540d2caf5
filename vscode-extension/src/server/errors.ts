import { CancellationError, l10n, window } from "vscode";
import { plain } from "../editor/plain";
import type { Reason, Trouble } from "../protocol";

// JSON-RPC's codes of requests that were given up.
const REQUEST_CANCELLED = -32800;
const CONTENT_MODIFIED = -32801;
const SERVER_CANCELLED = -32802;
// Those of the client's library, for a connection that closed.
const CLOSED = [-32097, -32099];

/** Whether nobody waits for the answer any more, so that there is nothing to say. */
export function isCancellation(error: unknown): boolean {
  const code = codeOf(error);
  return (
    error instanceof CancellationError ||
    (code !== undefined && [REQUEST_CANCELLED, CONTENT_MODIFIED, SERVER_CANCELLED].includes(code))
  );
}

/** What went wrong and what helps, in a sentence or two that can be shown anywhere. */
export function complain(error: unknown): string {
  const code = codeOf(error);
  if (code !== undefined && CLOSED.includes(code)) return l10n.t("The search server ended.");
  const message = error instanceof Error ? error.message : String(error);
  const hint = troubleOf(error)?.hint;
  return plain(hint ? `${message} (${hint})` : message);
}

/** Does what nobody waits for, and shows in a message why it failed. */
export async function telling(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isCancellation(error)) void window.showErrorMessage(complain(error));
  }
}

export function reasonOf(error: unknown): Reason | undefined {
  return troubleOf(error)?.reason;
}

function codeOf(error: unknown): number | undefined {
  const code = isObject(error) ? error.code : undefined;
  return typeof code === "number" ? code : undefined;
}

function troubleOf(error: unknown): Partial<Trouble> | undefined {
  const data = isObject(error) ? error.data : undefined;
  return isObject(data) ? data : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
