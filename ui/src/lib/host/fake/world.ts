//! The pretended world: what is configured, what stands, and what happens while one looks.

import type {
  AccountDto,
  CalendarDto,
  CalendarStatusDto,
  GroupDto,
  JourneyDto,
  LinkDto,
  LinkRef,
  PolicyDto,
  RunEvent,
  StatusDto,
  StepDto,
} from '$lib/bindings';
import { countPairs, linkKey, linksOf, linksOfAll, type Drawn } from '$lib/topology/pairs';
import type { Changed, HostEvent } from '../host';
import type { NewGroup, PrefsDto } from '../types';
import { defaultPolicy, eventCount, numbers, refer, time } from './calendars';
import type { Scenario } from './scenarios';

const MINUTE = 60_000;

export interface Group extends Drawn {
  name: string;
}

export class World {
  readonly mood: Scenario['mood'];
  accounts: AccountDto[];
  calendars: CalendarDto[];
  groups: Group[];
  policies = new Map<string, PolicyDto>();
  /** Links whose busy blocks stand, with how many. */
  standing = new Map<string, number>();
  pausedLinks = new Map<string, string | null>();
  pausedCalendars = new Map<string, string | null>();
  paused: { until: string | null } | null = null;
  journeys: JourneyDto[] = [];
  steps: StepDto[] = [];
  /** What can be made again. */
  undone: StepDto[] = [];
  settings = new Map<string, string | null>();
  prefs: PrefsDto = {
    theme: 'system',
    language: 'system',
    autostart: true,
    notifications: 'problems',
    snoozed_until: null,
  };
  /** Removals that a person let go. */
  released = false;
  readonly started = Date.now();
  #listeners = new Set<(event: HostEvent) => void>();
  #random: () => number;

  constructor(scenario: Scenario) {
    this.mood = scenario.mood;
    this.accounts = scenario.accounts;
    this.calendars = scenario.calendars;
    this.groups = scenario.groups.map(({ name, shape, calendars }) => ({
      name,
      shape,
      calendars: calendars.map((path) => this.find(path).id),
    }));
    this.settings.set('window', '180').set('poll_interval', '60').set('zone', null).set('label', 'Busy');
    this.settings.set('pair_limit', scenario.pairLimit === null ? null : String(scenario.pairLimit));
    this.#random = numbers(scenario.mood);
    if (!scenario.fresh) for (const link of this.wanted()) this.standing.set(linkKey(link), eventCount(link.source));
    if (scenario.mood === 'paused') this.paused = { until: new Date(this.started + 42 * MINUTE).toISOString() };
    if (this.standing.size > 0) this.#past();
    if (this.groups.length > 0) {
      this.steps.push({
        at: new Date(this.started - 26 * 60 * MINUTE).toISOString(),
        commands: ['group add', 'settings set'],
        open: false,
        undone: false,
        written: { placed: [...this.standing.values()].reduce((sum, count) => sum + count, 0), updated: 0, removed: 0 },
      });
    }
  }

  find(name: string): CalendarDto {
    const found = this.calendars.find(({ path, id }) => path === name || id === name);
    if (!found) throw { code: 'unknown_name', message: `there is no calendar “${name}”` };
    return found;
  }

  get readOnly(): Set<string> {
    return new Set(this.calendars.filter((calendar) => calendar.read_only).map(({ id }) => id));
  }

  get pairLimit(): number | null {
    const limit = this.settings.get('pair_limit');
    return limit === undefined || limit === null ? null : Number(limit);
  }

  wanted() {
    return linksOfAll(this.groups, this.readOnly);
  }

  link(source: string, target: string): LinkRef {
    const [from, to] = [this.find(source), this.find(target)];
    return { name: `${from.name} → ${to.name}`, source: refer(from), target: refer(to) };
  }

  links(): LinkDto[] {
    return this.wanted().map(({ source, target }) => {
      const ref = this.link(source, target);
      const key = linkKey({ source, target });
      const until = this.paused
        ? this.paused.until
        : (this.pausedLinks.get(key) ?? this.pausedCalendars.get(source) ?? this.pausedCalendars.get(target) ?? null);
      const paused =
        this.paused !== null ||
        this.pausedLinks.has(key) ||
        this.pausedCalendars.has(source) ||
        this.pausedCalendars.has(target);
      return {
        ...ref,
        state: paused ? 'paused' : 'active',
        ...(until === null ? {} : { paused_until: until }),
        ...(this.pausedLinks.has(key) ? { paused_itself: true } : {}),
        policy: this.policies.get(key) ?? defaultPolicy(),
        mirrors: this.standing.get(key) ?? 0,
        groups: this.groups
          .filter((group) => linksOf(group).some((link) => linkKey(link) === key))
          .map(({ name }) => name),
      };
    });
  }

  groupDto(group: Group): GroupDto {
    const links = linksOf(group);
    return {
      name: group.name,
      shape: group.shape,
      calendars: group.calendars.map((id) => refer(this.find(id))),
      pairs: countPairs([group], this.readOnly),
      links: links.filter(({ target }) => !this.readOnly.has(target)).length,
      left_out: links
        .filter(({ target }) => this.readOnly.has(target))
        .map(({ source, target }) => ({ link: this.link(source, target), reason: 'read_only_target' })),
    };
  }

  resolve(group: NewGroup): Drawn {
    return { shape: group.shape, calendars: group.calendars.map((path) => this.find(path).id) };
  }

  status(): StatusDto {
    const links = this.links();
    const linked = new Set(links.flatMap(({ source, target }) => [source.id, target.id]));
    const calendars = this.calendars.filter(({ id }) => linked.has(id)).map((it) => this.#calendarStatus(it));
    const troubled = this.mood === 'error' && calendars.some(({ failure }) => failure?.needs_person);
    const held = calendars.reduce((sum, calendar) => sum + calendar.held, 0);
    return {
      daemon_pid: this.mood === 'broken' ? null : 4711,
      worker_pid: null,
      calendars,
      links,
      paused: this.paused !== null,
      ...(this.paused?.until ? { paused_until: this.paused.until } : {}),
      latency: links
        .filter(({ mirrors }) => mirrors > 0)
        .map(({ name, source, target }) => {
          const random = numbers(`latency ${name}`);
          const p50 = 140 + Math.floor(random() * 420);
          return {
            link: { name, source, target },
            writes: 3 + Math.floor(random() * 70),
            p50_ms: p50,
            p95_ms: Math.floor(p50 * (2 + random() * 3)),
          };
        }),
      wedges:
        this.mood === 'error' && links.length > 1
          ? [
              {
                calendar: refer(this.calendars[1] ?? this.calendars[0]!),
                link: links[0]!.name,
                reason: 'quota_exceeded',
                hint: 'make room if the mailbox is full; a limit on changes ends by itself. It is tried again every hour',
                message: 'HTTP 507 Insufficient Storage',
                since: new Date(this.started - 50 * MINUTE).toISOString(),
                event_at: new Date(this.started + 26 * 60 * MINUTE).toISOString(),
              },
            ]
          : [],
      waiting: this.mood === 'busy' ? 2 : 0,
      needs_person: troubled || held > 0,
    };
  }

  #calendarStatus(calendar: CalendarDto): CalendarStatusDto {
    const into = this.wanted().filter(({ target }) => target === calendar.id);
    const mirrors = into.reduce((sum, link) => sum + (this.standing.get(linkKey(link)) ?? 0), 0);
    const waiting = into.some((link) => !this.standing.has(linkKey(link)));
    const index = this.calendars.indexOf(calendar);
    const now = Date.now();
    const age = this.mood === 'offline' ? 780 + index : ((now - this.started) / 1000 + index * 7) % 58;
    const unread = this.mood === 'first' && mirrors === 0 && index > 1;
    const offline = this.mood === 'offline';
    const refused = this.mood === 'error' && index === 1;
    const server = calendar.account === 'office' ? 'graph.microsoft.com' : 'dav.example.net';
    return {
      calendar: refer(calendar),
      read_at: unread ? null : new Date(now - age * 1000).toISOString(),
      read_age_s: unread ? null : Math.floor(refused ? 5400 : age),
      verified_at: this.mood === 'first' || waiting ? null : new Date(now - 7300_000).toISOString(),
      verified_age_s: this.mood === 'first' || waiting ? null : 7300,
      repairs: index === 2 ? 1 : 0,
      items: eventCount(calendar.id) + mirrors,
      mirrors,
      wedged: this.mood === 'error' && index === 1 ? 1 : 0,
      held: this.mood === 'brake' && index === 0 && !this.released ? 37 : 0,
      foreign_marks: 0,
      read_only: calendar.read_only,
      missing: calendar.missing,
      ...(offline || refused
        ? {
            failure: {
              since: new Date(now - (refused ? 5_400_000 : 780_000)).toISOString(),
              attempts: refused ? 6 : 4,
              message: refused
                ? `${server} refuses the sign-in (HTTP 401)`
                : `${server} cannot be reached (no network)`,
              needs_person: refused,
            },
          }
        : {}),
    };
  }

  /** The journey of one event, ended `ago` milliseconds ago. */
  journey(link: LinkRef, ago: number, action?: JourneyDto['action']): JourneyDto {
    const random = this.#random;
    const placed = Date.now() - ago;
    const at = (before: number) => new Date(placed - before).toISOString();
    const write = 90 + random() * 320;
    const pull = 60 + random() * 220;
    const start = new Date(placed + Math.floor(1 + random() * 6) * 1440 * MINUTE).setHours(8 + Math.floor(random() * 9), 0, 0, 0);
    const kinds = ['placed', 'placed', 'placed', 'updated', 'removed'] as const;
    return {
      at: at(0),
      link,
      action: action ?? kinds[Math.floor(random() * kinds.length)] ?? 'placed',
      time: time(start, start + [30, 60, 90][Math.floor(random() * 3)]! * MINUTE),
      steps: {
        signalled: at(write + pull + 30),
        taken: at(write + pull + 18),
        pulled: at(write + 12),
        planned: at(write),
        placed: at(0),
      },
    };
  }

  #past() {
    const links = this.links();
    let ago = 9_000;
    for (let index = 0; index < 60; index += 1) {
      const link = links[Math.floor(this.#random() * links.length)];
      if (!link) return;
      const { name, source, target } = link;
      this.journeys.push(this.journey({ name, source, target }, ago));
      ago += Math.floor(this.#random() ** 2 * 50 * MINUTE) + 400;
    }
  }

  listen(listener: (event: HostEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: HostEvent) {
    for (const listener of this.#listeners) listener(event);
  }

  run(event: RunEvent) {
    this.emit({ kind: 'run', event });
  }

  changed(...what: Changed[]) {
    this.emit({ kind: 'changed', what });
  }

  /** One real write on a link: what the window shows as a pulse and a row. */
  write(link: LinkRef, action?: JourneyDto['action']) {
    const journey = this.journey(link, 0, action);
    this.journeys.unshift(journey);
    this.run({ event: 'placed', ...journey });
  }

  /** A booking in one calendar reaches every calendar it is linked to. */
  book(source?: string) {
    const active = this.links().filter(({ state }) => state === 'active');
    const from = source ?? active[Math.floor(this.#random() * active.length)]?.source.id;
    for (const link of active.filter((it) => it.source.id === from)) {
      this.write({ name: link.name, source: link.source, target: link.target }, 'placed');
      const key = linkKey({ source: link.source.id, target: link.target.id });
      this.standing.set(key, (this.standing.get(key) ?? 0) + 1);
    }
    this.changed('status');
  }
}
