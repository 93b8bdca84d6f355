//! What is being drawn, selected and looked at: one for the canvas and its twin, so that both do the same.

import type { GroupDto, LinkDto, ShapeDto } from '$lib/bindings';
import type { ForecastDto } from '$lib/host/types';
import { listed, t } from '$lib/i18n/index.svelte';
import { announcer } from '$lib/state/announcer.svelte';
import { app, asError } from '$lib/state/app.svelte';
import { route } from '$lib/state/route.svelte';
import { linksOf, pairKey, type Drawn } from '$lib/topology/pairs';
import { overLimit, refuse, type Refusal, type Situation } from '$lib/topology/validate';

export interface Draft extends Drawn {
  shape: ShapeDto;
  calendars: string[];
  /** The group that it takes the place of. */
  replaces: string | null;
}

/** Two calendars that are joined, with the link each way. */
export interface Pair {
  key: string;
  a: string;
  b: string;
  there: LinkDto | null;
  back: LinkDto | null;
}

export type Shown = { kind: 'pair'; key: string } | { kind: 'calendar'; id: string } | null;

class Drawing {
  draft = $state<Draft | null>(null);
  forecast = $state.raw<ForecastDto | null>(null);
  failure = $state<string | null>(null);
  selected = $state.raw<readonly string[]>([]);
  shown = $state.raw<Shown>(null);

  groups: Drawn[] = $derived(
    app.groups.map(({ shape, calendars }) => ({ shape, calendars: calendars.map(({ id }) => id) })),
  );
  pairs: Pair[] = $derived(pairsOf(app.links));
  situation: Situation = $derived({ groups: this.groups, calendars: app.byId, pairLimit: app.pairLimit });

  #asked = 0;

  title(id: string): string {
    return app.byId.get(id)?.name ?? id;
  }

  refusal(a: string, b: string): Refusal | null {
    return refuse(this.situation, a, b);
  }

  /** Why two calendars cannot be joined, in words. */
  why(refusal: Refusal, a: string, b: string): string {
    return t(`refuse.${refusal}`, { a: this.title(a), b: this.title(b), limit: app.pairLimit ?? 0 });
  }

  begin(shape: ShapeDto, calendars: readonly string[], replaces: string | null = null) {
    this.shown = null;
    this.draft = { shape, calendars: [...calendars], replaces };
    this.#drawn();
    announcer.say(t('draft.said', { shape: t(`shape.${shape}`), calendars: listed(calendars.map((id) => this.title(id))) }));
  }

  /** One calendar dropped on another: the other becomes its hub, or takes it into the star it has. */
  drop(dropped: string, hub: string) {
    const star = app.groups.find(
      (group) => (group.shape === 'star' || group.shape === 'pair') && group.calendars[0]?.id === hub,
    );
    if (!star) return this.begin('star', [hub, dropped]);
    const members = star.calendars.map(({ id }) => id);
    this.begin('star', [...members.filter((id) => id !== dropped), dropped], star.name);
  }

  shape(shape: ShapeDto) {
    if (!this.draft) return;
    this.draft.shape = shape;
    this.#drawn();
  }

  /** Puts a calendar first: the hub of a star, the source of a one-way pair. */
  first(id: string) {
    if (!this.draft) return;
    this.draft.calendars = [id, ...this.draft.calendars.filter((other) => other !== id)];
    this.#drawn();
  }

  toggle(id: string) {
    if (!this.draft) return;
    const has = this.draft.calendars.includes(id);
    this.draft.calendars = has
      ? this.draft.calendars.filter((other) => other !== id)
      : [...this.draft.calendars, id];
    this.#drawn();
  }

  change(group: GroupDto) {
    this.begin(group.shape, group.calendars.map(({ id }) => id), group.name);
  }

  cancel() {
    this.draft = null;
    this.forecast = null;
    this.failure = null;
    this.#asked += 1;
  }

  /** Keeps what was drawn. Nothing is written to any calendar until its plan is approved. */
  async keep(): Promise<void> {
    const draft = this.draft;
    if (!draft) return;
    try {
      await app.host.groupAdd(this.#named(draft));
    } catch (error) {
      this.failure = asError(error).message;
      return;
    }
    this.cancel();
    this.selected = [];
    route.go('plan');
  }

  get tooMany(): boolean {
    if (!this.draft) return false;
    const others = app.groups.filter(({ name }) => name !== this.draft?.replaces);
    const groups = others.map(({ shape, calendars }) => ({ shape, calendars: calendars.map(({ id }) => id) }));
    return overLimit({ ...this.situation, groups }, this.draft);
  }

  get complete(): boolean {
    const count = this.draft?.calendars.length ?? 0;
    const two = this.draft?.shape === 'pair' || this.draft?.shape === 'one_way';
    return two ? count === 2 : count >= 2;
  }

  #named({ shape, calendars, replaces }: Draft) {
    return { shape, calendars: calendars.map((id) => app.byId.get(id)?.path ?? id), replaces };
  }

  #drawn() {
    const draft = this.draft;
    this.failure = null;
    this.#asked += 1;
    const asked = this.#asked;
    if (!draft || !this.complete) {
      this.forecast = null;
      return;
    }
    app.host.groupForecast(this.#named(draft)).then(
      (forecast) => {
        // An answer to an older drawing would be about something else.
        if (asked === this.#asked) this.forecast = forecast;
      },
      (error: unknown) => {
        if (asked === this.#asked) this.failure = asError(error).message;
      },
    );
  }
}

function pairsOf(links: readonly LinkDto[]): Pair[] {
  const pairs = new Map<string, Pair>();
  for (const link of links) {
    const key = pairKey(link.source.id, link.target.id);
    const pair = pairs.get(key) ?? { key, a: link.source.id, b: link.target.id, there: null, back: null };
    if (link.source.id === pair.a) pair.there = link;
    else pair.back = link;
    pairs.set(key, pair);
  }
  return [...pairs.values()];
}

/** The pairs of a drawing that do not stand yet. */
export function newPairs(draft: Drawn, pairs: readonly Pair[]): { key: string; a: string; b: string }[] {
  const known = new Set(pairs.map(({ key }) => key));
  const found = new Map<string, { key: string; a: string; b: string }>();
  for (const { source, target } of linksOf(draft)) {
    const key = pairKey(source, target);
    if (!known.has(key) && !found.has(key)) found.set(key, { key, a: source, b: target });
  }
  return [...found.values()];
}

export const drawing = new Drawing();
