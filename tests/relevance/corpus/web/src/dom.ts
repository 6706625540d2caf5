/** The value of a cookie, or null where there is none by that name. */
export function readCookie(name: string): string | null {
  for (const pair of document.cookie.split("; ")) {
    const [key, ...rest] = pair.split("=");
    if (key === name) return decodeURIComponent(rest.join("="));
  }
  return null;
}

export function trapFocus(dialog: HTMLElement): () => void {
  const selector = "a[href], button:not([disabled]), input, select, textarea";
  const before = document.activeElement as HTMLElement | null;
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Tab") return;
    const stops = [...dialog.querySelectorAll<HTMLElement>(selector)];
    const first = stops[0];
    const last = stops[stops.length - 1];
    if (event.shiftKey && document.activeElement === first) {
      last.focus();
      event.preventDefault();
    } else if (!event.shiftKey && document.activeElement === last) {
      first.focus();
      event.preventDefault();
    }
  };
  dialog.addEventListener("keydown", onKey);
  return () => {
    dialog.removeEventListener("keydown", onKey);
    before?.focus();
  };
}

export const debounce = <A extends unknown[]>(action: (...args: A) => void, waitMs: number) => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (...args: A) => {
    if (timer) clearTimeout(timer);
    timer = setTimeout(() => action(...args), waitMs);
  };
};

export function useShortcut(combination: string, action: () => void): () => void {
  const wanted = combination.toLowerCase().split("+");
  const onKey = (event: KeyboardEvent) => {
    const pressed = [
      event.ctrlKey || event.metaKey ? "mod" : "",
      event.shiftKey ? "shift" : "",
      event.key.toLowerCase(),
    ].filter(Boolean);
    if (pressed.length === wanted.length && wanted.every((key) => pressed.includes(key))) {
      event.preventDefault();
      action();
    }
  };
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}
