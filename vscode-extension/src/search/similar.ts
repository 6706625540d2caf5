import * as vscode from "vscode";
import type { Position } from "../protocol";
import type { Asked } from "./search";
import { baseName, nameOf } from "./words";
import type { HitNode } from "./results";

/** A function in a file, as a lens over it names it. */
export interface Spot {
  uri: string;
  position: Position;
  name: string;
}

export function likeHit({ hit }: HitNode): Asked {
  return likeSpot({ uri: hit.uri, position: { line: hit.start_line - 1, character: 0 }, name: nameOf(hit) });
}

export function likeSpot({ uri, position, name }: Spot): Asked {
  return { kind: "similar", name, params: { textDocument: { uri }, position } };
}

/** The function at the cursor; undefined where no editor is open. */
export function spotAtCursor(): Spot | undefined {
  const editor = vscode.window.activeTextEditor;
  if (!editor) return undefined;
  const { document, selection } = editor;
  const { line, character } = selection.active;
  const word = document.getWordRangeAtPosition(selection.active);
  return {
    uri: document.uri.toString(),
    position: { line, character },
    name: (word && document.getText(word)) ?? baseName(document.uri.path),
  };
}

/** Whether a command was given a function, which anybody may call with anything. */
export function isSpot(value: unknown): value is Spot {
  const { uri, position, name } = (value ?? {}) as Partial<Record<keyof Spot, unknown>>;
  const { line, character } = (position ?? {}) as Partial<Record<keyof Position, unknown>>;
  const isCount = (number: unknown): boolean => Number.isSafeInteger(number) && Number(number) >= 0;
  return typeof uri === "string" && uri.startsWith("file:") && typeof name === "string" && isCount(line) && isCount(character);
}
