import { l10n } from "vscode";
import type { Finding, Place } from "../protocol";
import { baseName, nameOf } from "../search/words";

/** What kind of copy a finding is about. */
export function ruleOf({ rule }: Finding): string {
  switch (rule) {
    case "CS001":
      return l10n.t("the same");
    case "CS002":
      return l10n.t("the same but for names and values");
    case "CS003":
      return l10n.t("copied and edited");
    case "CS004":
      return l10n.t("similar purpose");
  }
}

export function placeOf(place: Place): string {
  return `${place.path}:${place.line}`;
}

export function shortPlaceOf(place: Place): string {
  return `${baseName(place.path)}:${place.line}`;
}

/** The title of a diff: `name (file) ↔ name (file)`. */
export function diffTitle(left: Place, right: Place): string {
  const [a, b] = [left, right].map((place) => `${nameOf(place)} (${baseName(place.path)})`);
  return `${a ?? ""} ↔ ${b ?? ""}`;
}
