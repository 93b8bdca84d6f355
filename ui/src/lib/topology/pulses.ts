//! When an edge pulses: once for each real write, and in a burst at most once in a while, with a count.

/** The shortest time between two pulses of one edge. */
export const PULSE_GAP_MS = 400;

export interface Pulse {
  /** `source\ntarget`. */
  link: string;
  /** How many writes it stands for. */
  count: number;
}

/** Gathers writes into pulses. Time is told, not read, so that a test decides it. */
export class Coalescer {
  #next = new Map<string, number>();
  #waiting = new Map<string, number>();

  /** A write at `now`: the pulse to show at once, or none while the edge still rests. */
  write(link: string, now: number): Pulse | null {
    if (now < (this.#next.get(link) ?? 0)) {
      this.#waiting.set(link, (this.#waiting.get(link) ?? 0) + 1);
      return null;
    }
    this.#next.set(link, now + PULSE_GAP_MS);
    return { link, count: 1 };
  }

  /** The pulses that became due by `now`, each with all that waited for it. */
  due(now: number): Pulse[] {
    const pulses: Pulse[] = [];
    for (const [link, count] of this.#waiting) {
      if (now < (this.#next.get(link) ?? 0)) continue;
      this.#waiting.delete(link);
      this.#next.set(link, now + PULSE_GAP_MS);
      pulses.push({ link, count });
    }
    return pulses;
  }

  /** When something becomes due; none when nothing waits. */
  get nextDue(): number | null {
    const times = [...this.#waiting.keys()].map((link) => this.#next.get(link) ?? 0);
    return times.length === 0 ? null : Math.min(...times);
  }
}
