import type { SymbolInformation } from "vscode";

/**
 * Symbols for "Go to Symbol in Workspace" that the editor keeps, in the order of the server.
 *
 * The editor drops symbols whose name does not have the letters of the query, and sorts the others by
 * how well they match, then by name. A name of code has the letters of a single word often enough;
 * those of a question never. So a question is put behind each name.
 */
export function keepInOrder(query: string, symbols: readonly SymbolInformation[]): SymbolInformation[] {
  const words = query.trim().split(/\s+/);
  if (words.length < 2) return [...symbols];
  for (const symbol of symbols) symbol.name = `${symbol.name}  ${words.join(" ")}`;
  return [...symbols];
}
