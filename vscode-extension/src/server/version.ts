/** The lowest version of codesearch whose server this extension speaks with. */
export const LOWEST = "0.1.0";

/** The version in the answer of `codesearch --version`, or undefined if it is no such answer. */
export function versionIn(output: string): string | undefined {
  return /^codesearch(?:,? version)? (\d+(?:\.\d+)+)/m.exec(output)?.[1];
}

/** Whether a version is the other one or later. */
export function isAtLeast(version: string, lowest: string): boolean {
  const [a, b] = [version, lowest].map((text) => text.split(".").map(Number)) as [number[], number[]];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
