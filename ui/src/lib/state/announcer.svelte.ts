//! What is said aloud, and what a short line at the edge of the window says.

class Announcer {
  /** For screen readers, politely. */
  said = $state('');
  /** A line that is seen, too, with at most one thing to do. */
  note = $state.raw<{ text: string; act?: { label: string; run: () => void } } | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(text: string) {
    this.said = text;
  }

  show(text: string, act?: { label: string; run: () => void }) {
    clearTimeout(this.#timer);
    this.note = act ? { text, act } : { text };
    this.said = text;
    // What can be acted upon stays until it is put away.
    if (!act) this.#timer = setTimeout(() => this.hide(), 6000);
  }

  hide() {
    clearTimeout(this.#timer);
    this.note = null;
  }
}

export const announcer = new Announcer();
