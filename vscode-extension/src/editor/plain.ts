const ZERO_WIDTH_SPACE = "\u200b";

/**
 * Text for messages, progress and views, where the editor turns `[text](command:...)` into a link that runs a command.
 * What a repository says (a key of its configuration, the name of a folder) must not become one.
 */
export function plain(text: string): string {
  return text.replaceAll("](", `]${ZERO_WIDTH_SPACE}(`);
}
