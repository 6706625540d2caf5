import type { Message } from "vscode-languageclient/node";
import { plain } from "../editor/plain";

const SHOWN = ["window/showMessage", "window/showMessageRequest"];

/** A message of the server's as the client's library may show it: without links. */
export function withoutLinks(message: Message): Message {
  const { method, params } = message as { method?: unknown; params?: { message?: unknown } };
  if (typeof method !== "string" || !SHOWN.includes(method) || typeof params?.message !== "string") return message;
  return { ...message, params: { ...params, message: plain(params.message) } } as Message;
}
