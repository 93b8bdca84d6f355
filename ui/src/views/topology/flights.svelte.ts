//! Pulses on their way: from a write at the host to a dot on the canvas.

import { SvelteSet } from 'svelte/reactivity';
import { t } from '$lib/i18n/index.svelte';
import { announcer } from '$lib/state/announcer.svelte';
import { app } from '$lib/state/app.svelte';
import { pairKey } from '$lib/topology/pairs';
import { Coalescer, type Pulse } from '$lib/topology/pulses';

export const TRAVEL_MS = 900;
const HOLD_MS = 600;
const FLASH_MS = 240;
/** How long writes are gathered before they are said aloud. */
const SAY_MS = 1500;

export interface Flight {
  id: number;
  source: string;
  target: string;
  count: number;
}

class Flights {
  /** Dots that travel; none where motion is unwanted. */
  flying = $state.raw<readonly Flight[]>([]);
  /** Pairs whose line is lit, and calendars whose ring is. */
  lit = new SvelteSet<string>();
  arrived = new SvelteSet<string>();
  #lights = new Map<string, number>();
  #coalescer = new Coalescer();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #saying: ReturnType<typeof setTimeout> | undefined;
  #unsaid = new Map<string, number>();
  #ids = 0;
  #still = matchMedia('(prefers-reduced-motion: reduce)');

  /** Listens while a canvas is open. */
  watch(): () => void {
    return app.onWrite(({ link }) => {
      this.#say(link.target.name);
      const pulse = this.#coalescer.write(`${link.source.id}\n${link.target.id}`, performance.now());
      if (pulse) this.#fly(pulse);
      this.#wait();
    });
  }

  #wait() {
    const due = this.#coalescer.nextDue;
    if (due === null || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      for (const pulse of this.#coalescer.due(performance.now())) this.#fly(pulse);
      this.#wait();
    }, Math.max(0, due - performance.now()));
  }

  #fly({ link, count }: Pulse) {
    const [source = '', target = ''] = link.split('\n');
    const pair = pairKey(source, target);
    this.#light(pair, this.#still.matches ? HOLD_MS : TRAVEL_MS);
    if (this.#still.matches) return;
    const flight = { id: (this.#ids += 1), source, target, count };
    this.flying = [...this.flying, flight];
    setTimeout(() => {
      this.flying = this.flying.filter(({ id }) => id !== flight.id);
      this.arrived.add(target);
      setTimeout(() => this.arrived.delete(target), FLASH_MS);
    }, TRAVEL_MS);
  }

  /** A line that is lit twice goes out with the later of the two. */
  #light(pair: string, ms: number) {
    const times = (this.#lights.get(pair) ?? 0) + 1;
    this.#lights.set(pair, times);
    this.lit.add(pair);
    setTimeout(() => {
      if (this.#lights.get(pair) !== times) return;
      this.#lights.delete(pair);
      this.lit.delete(pair);
    }, ms);
  }

  #say(target: string) {
    this.#unsaid.set(target, (this.#unsaid.get(target) ?? 0) + 1);
    this.#saying ??= setTimeout(() => {
      this.#saying = undefined;
      const lines = [...this.#unsaid].map(([calendar, count]) => t('pulse.said', { calendar, count }));
      this.#unsaid.clear();
      announcer.say(lines.slice(0, 3).join('. '));
    }, SAY_MS);
  }
}

export const flights = new Flights();
