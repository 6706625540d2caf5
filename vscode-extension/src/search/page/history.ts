interface Actions {
  choose: (text: string) => void;
  /** The list was left by the keyboard, without a choice. */
  leave: () => void;
}

/** Earlier questions: a list to click, and to walk through from the empty box. */
export class HistoryList {
  private questions: readonly string[] = [];
  private at = -1;

  constructor(
    private readonly list: HTMLElement,
    private readonly button: HTMLButtonElement,
    private readonly actions: Actions,
  ) {
    button.addEventListener("click", () => { this.setShown(list.hidden === true); });
    list.addEventListener("keydown", (event) => { this.key(event); });
    list.addEventListener("click", ({ target }) => {
      if (target instanceof HTMLElement && target.role === "option") this.choose(target);
    });
  }

  show(questions: readonly string[]): void {
    this.questions = questions;
    this.at = -1;
    this.list.replaceChildren(...questions.map(option));
    this.button.disabled = questions.length === 0;
    if (questions.length === 0) this.setShown(false);
  }

  /** The next older or newer question; empty on this side of the newest. */
  recall(older: boolean): string {
    this.at = Math.min(Math.max(this.at + (older ? 1 : -1), -1), this.questions.length - 1);
    return this.questions[this.at] ?? "";
  }

  /** Whether a text came from here, so that walking may go on. */
  isRecalled(text: string): boolean {
    return this.at >= 0 && this.questions[this.at] === text;
  }

  private setShown(shown: boolean): void {
    this.list.hidden = !shown;
    this.button.setAttribute("aria-expanded", String(shown));
    if (shown) focus(this.list.firstElementChild);
  }

  private choose(option: HTMLElement): void {
    this.setShown(false);
    this.actions.choose(option.textContent);
    this.actions.leave();
  }

  private key(event: KeyboardEvent): void {
    const { target } = event;
    if (!(target instanceof HTMLElement) || target.role !== "option") return;
    switch (event.key) {
      case "ArrowDown":
        focus(target.nextElementSibling);
        break;
      case "ArrowUp":
        focus(target.previousElementSibling);
        break;
      case "Home":
        focus(this.list.firstElementChild);
        break;
      case "End":
        focus(this.list.lastElementChild);
        break;
      case "Enter":
      case " ":
        this.choose(target);
        break;
      case "Escape":
        this.setShown(false);
        this.actions.leave();
        break;
      default:
        return;
    }
    event.preventDefault();
  }
}

function option(text: string): HTMLElement {
  const item = document.createElement("li");
  item.role = "option";
  item.tabIndex = -1;
  item.textContent = text;
  item.title = text;
  return item;
}

function focus(element: Element | null): void {
  if (element instanceof HTMLElement) element.focus();
}
