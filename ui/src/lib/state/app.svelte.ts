//! What the window knows. Everything here came from the host; views read it and ask the host for changes.

import { host } from '$chosen-host';
import type {
  AccountDto,
  AppError,
  CalendarDto,
  CalendarStatusDto,
  GroupDto,
  JourneyDto,
  LinkDto,
  RunEvent,
  StatusDto,
} from '$lib/bindings';
import type { Changed, Host } from '$lib/host/host';
import type { PrefsDto } from '$lib/host/types';
import { speech } from '$lib/i18n/index.svelte';
import { overall, problems, type Overall, type Problem } from './overall';
import { route } from './route.svelte';

/** The newest rows of the activity that are kept in memory. */
const JOURNEYS_MAX = 400;
/** Working is shown for at least this long, so that the state does not flicker. */
const WORKING_MS = 1000;

/** Writes under way, calendar by calendar. */
export interface Progress {
  calendars: ReadonlyMap<string, { name: string; done: number; total: number }>;
  /** When it began, for rate and remaining time. */
  since: number;
}

class App {
  readonly host: Host = host;
  ready = $state(false);
  failure = $state.raw<AppError | null>(null);
  status = $state.raw<StatusDto | null>(null);
  statusAt = $state(0);
  accounts = $state.raw<AccountDto[]>([]);
  calendars = $state.raw<CalendarDto[]>([]);
  groups = $state.raw<GroupDto[]>([]);
  pairLimit = $state<number | null>(null);
  journeys = $state.raw<JourneyDto[]>([]);
  prefs = $state.raw<PrefsDto>({
    theme: 'system',
    language: 'system',
    autostart: false,
    notifications: 'problems',
    snoozed_until: null,
  });
  /** The clock of the page, by the second. */
  now = $state(Date.now());
  working = $state(false);
  progress = $state.raw<Progress | null>(null);
  /** Counts up when a plan that was shown no longer is the newest. */
  planAge = $state(0);
  stepsAge = $state(0);

  state: Overall = $derived(overall(this.status, this.accounts.length, this.working));
  problems: Problem[] = $derived(this.status ? problems(this.status) : []);
  links: LinkDto[] = $derived(this.status?.links ?? []);
  byId: ReadonlyMap<string, CalendarDto> = $derived(new Map(this.calendars.map((it) => [it.id, it])));
  statusById: ReadonlyMap<string, CalendarStatusDto> = $derived(
    new Map((this.status?.calendars ?? []).map((it) => [it.calendar.id, it])),
  );

  #writes = new Set<(journey: JourneyDto) => void>();
  #rest: ReturnType<typeof setTimeout> | undefined;
  #asked = new Set<Changed>();
  #dark = matchMedia('(prefers-color-scheme: dark)');

  /** Called for each real write, as it happens. */
  onWrite(listener: (journey: JourneyDto) => void): () => void {
    this.#writes.add(listener);
    return () => this.#writes.delete(listener);
  }

  async start(): Promise<void> {
    this.#dark.addEventListener('change', () => this.#theme());
    setInterval(() => (this.now = Date.now()), 1000);
    this.host.subscribe((event) => {
      if (event.kind === 'run') this.#happened(event.event);
      else if (event.kind === 'changed') this.#changed(event.what);
      else route.go(event.place);
    });
    await this.reload();
  }

  /** Asks for everything anew. */
  async reload(): Promise<void> {
    try {
      await this.#load(new Set(['prefs', 'accounts', 'groups', 'settings', 'status']));
      this.journeys = await this.host.activityList(JOURNEYS_MAX);
      this.failure = null;
      if (!this.ready && this.accounts.length === 0 && route.place === 'topology') route.go('start');
      this.ready = true;
    } catch (error) {
      this.failure = asError(error);
    }
  }

  async savePrefs(change: Partial<PrefsDto>): Promise<void> {
    this.prefs = await this.host.prefsSet({ ...this.prefs, ...change });
    this.#applyPrefs();
  }

  /** Several changes within one turn are one question. */
  #changed(what: readonly Changed[]) {
    if (this.#asked.size === 0) {
      queueMicrotask(() => {
        const asked = new Set(this.#asked);
        this.#asked.clear();
        this.#load(asked).catch((error: unknown) => (this.failure = asError(error)));
      });
    }
    for (const each of what) this.#asked.add(each);
  }

  async #load(what: ReadonlySet<Changed>): Promise<void> {
    const asked: Promise<void>[] = [];
    const ask = <T>(when: boolean, call: () => Promise<T>, keep: (answer: T) => void) => {
      if (when) asked.push(call().then(keep));
    };
    const calendars = what.has('accounts') || what.has('groups');
    ask(what.has('prefs'), () => this.host.prefsGet(), (prefs) => {
      this.prefs = prefs;
      this.#applyPrefs();
    });
    ask(what.has('accounts'), () => this.host.accountList(), (accounts) => (this.accounts = accounts));
    ask(calendars, () => this.host.calendarList(false), (dto) => (this.calendars = dto.calendars));
    ask(what.has('groups'), () => this.host.groupList(), (groups) => (this.groups = groups));
    ask(what.has('settings'), () => this.host.settingList(), ({ settings }) => {
      const limit = settings.find(({ key }) => key === 'pair_limit')?.value ?? null;
      this.pairLimit = limit === null ? null : Number(limit);
    });
    ask(what.has('status') || what.has('groups'), () => this.host.statusGet(), (status) => {
      this.status = status;
      this.statusAt = Date.now();
    });
    if (what.has('plan')) this.planAge += 1;
    if (what.has('steps')) this.stepsAge += 1;
    await Promise.all(asked);
  }

  #happened(event: RunEvent) {
    switch (event.event) {
      case 'placed': {
        const { event: _, ...journey } = event;
        this.journeys = [journey, ...this.journeys].slice(0, JOURNEYS_MAX);
        for (const listener of this.#writes) listener(journey);
        this.#work();
        break;
      }
      case 'pull_failed':
        this.#changed(['status']);
        break;
      case 'place_progress': {
        const { calendar, done, total } = event;
        const calendars = new Map(this.progress?.calendars).set(calendar.id, { name: calendar.name, done, total });
        const finished = [...calendars.values()].every((each) => each.done >= each.total);
        this.progress = finished ? null : { calendars, since: this.progress?.since ?? Date.now() };
        break;
      }
      case 'quiet':
        this.progress = null;
        this.#changed(['status']);
        break;
      case 'started':
      case 'stopped':
      case 'wedged':
      case 'planned':
      case 'missed':
        this.#changed(['status']);
        break;
      case 'reloaded':
        this.#changed(['accounts', 'groups', 'settings', 'status', 'plan', 'steps']);
        break;
      // Silent success: a look that found nothing is no news.
      case 'pull_started':
      case 'pull_progress':
      case 'pull_waits':
      case 'pulled':
        break;
    }
  }

  #work() {
    this.working = true;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => (this.working = false), WORKING_MS);
  }

  #applyPrefs() {
    speech.choose(this.prefs.language);
    this.#theme();
  }

  #theme() {
    const dark = this.prefs.theme === 'system' ? this.#dark.matches : this.prefs.theme === 'dark';
    document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
  }
}

/** What a failed call rejected with; anything else is a fault of the program itself. */
export function asError(error: unknown): AppError {
  if (typeof error === 'object' && error !== null && 'code' in error && 'message' in error) return error as AppError;
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}

export const app = new App();
