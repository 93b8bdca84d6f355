//! The pretended program, for tests and for working on the window: `npm run dev`, then `?scenario=NAME`.

import type { AppError, ImportDto, PolicyDto, PolicyEffect, UndoDto } from '$lib/bindings';
import { countPairs, linkKey, linksOf } from '$lib/topology/pairs';
import type { Host } from '../host';
import type { LinkScope, NewAccount, PauseLength, PolicyChange, PreparedPlanDto } from '../types';
import { account, calendar, defaultPolicy, eventCount, refer } from './calendars';
import { doctor, glance, requests, why } from './looking';
import { prepared } from './plan';
import { SCENARIOS, type ScenarioName } from './scenarios';
import { World, type Group } from './world';

const query = new URLSearchParams(globalThis.location?.search ?? '');

function fail(error: AppError): never {
  throw error;
}

/** A policy with a change made. */
function changed(policy: PolicyDto, change: PolicyChange): PolicyDto {
  const { keywords_only, keywords_never, categories_only, categories_never, label, color, hours, ...rest } = change;
  const text = (value: string | undefined, now: string | null) =>
    value === undefined ? now : value === 'none' ? null : value;
  return {
    ...policy,
    ...rest,
    label: text(label, policy.label),
    color: text(color, policy.color) as PolicyDto['color'],
    hours: text(hours, policy.hours),
    keywords: { only: keywords_only ?? policy.keywords.only, never: keywords_never ?? policy.keywords.never },
    categories: {
      only: categories_only ?? policy.categories.only,
      never: categories_never ?? policy.categories.never,
    },
  };
}

function until(length: PauseLength): string | null {
  if (length === 'until_resumed') return null;
  if ('until' in length) return length.until;
  return new Date(Date.now() + length.for_minutes * 60_000).toISOString();
}

export function pretend(name: ScenarioName): Host & { world: World } {
  const world = new World(SCENARIOS[name]());
  let tokens = 0;
  let kept: PreparedPlanDto | null = null;
  let cancelled = false;
  const policies = new Map<string, { links: string[]; effects: PolicyEffect[] }>();
  const token = () => `token-${(tokens += 1)}`;

  // What a person waits for takes a moment here, too, and nothing at all in tests that ask for that.
  const moment = (ms = 60) =>
    query.has('instant') ? Promise.resolve() : new Promise<void>((done) => setTimeout(done, ms));

  const chosen = (scope: LinkScope) =>
    world.links().filter((link) => {
      if (scope === 'all') return true;
      if ('into' in scope) return link.target.path === scope.into;
      return scope.links.includes(link.name);
    });
  const keyOf = (link: { source: { id: string }; target: { id: string } }) =>
    linkKey({ source: link.source.id, target: link.target.id });
  const pauses = () => ({
    everything: world.paused !== null,
    ...(world.paused?.until ? { until: world.paused.until } : {}),
    calendars: [...world.pausedCalendars].map(([id, end]) => ({
      ...refer(world.find(id)),
      ...(end ? { until: end } : {}),
    })),
    links: world.links().filter(({ paused_itself }) => paused_itself),
  });
  const done = (command: string) => {
    const open = world.steps[0]?.open ? world.steps[0] : null;
    if (open) open.commands.push(command);
    else {
      world.steps.unshift({
        at: new Date().toISOString(),
        commands: [command],
        open: true,
        undone: false,
        written: { placed: 0, updated: 0, removed: 0 },
      });
    }
    world.undone = [];
  };
  const without = (replaces: string | null): Group[] => world.groups.filter(({ name: of }) => of !== replaces);

  function added(new_: NewAccount) {
    const titles = { microsoft: 'office', google: 'personal', caldav: 'nextcloud', ics: 'feed' };
    const of = new_.name?.trim() || titles[new_.kind];
    if (world.accounts.some((it) => it.name === of)) {
      fail({ code: 'doubled_name', message: `there is an account “${of}” already`, hint: 'give it another name' });
    }
    if (new_.kind === 'caldav' && new_.secret === 'wrong') {
      fail({
        code: 'sign_in_refused',
        message: `${new_.url} refuses the password (HTTP 401)`,
        hint: 'check the user name, and whether the server wants a password made for this program',
      });
    }
    if (new_.kind === 'caldav' && new_.url.includes('offline')) {
      fail({ code: 'offline', message: `${new_.url} cannot be reached (connection refused)`, action: { do: 'retry' } });
    }
    const calendars = {
      microsoft: [calendar(of, 'Work', '#3B82F6'), calendar(of, 'Team rota', '#8B5CF6')],
      google: [calendar(of, 'Personal', '#10B981'), calendar(of, 'Holidays', '#F59E0B', { read_only: true })],
      caldav: [calendar(of, 'Family', '#EC4899'), calendar(of, 'Kids', '#F59E0B')],
      ics: [calendar(of, 'Rowing club', '#14B8A6', { short_name: 'feed', read_only: true })],
    }[new_.kind];
    const made = account(of, new_.kind, new_.kind === 'caldav' ? new_.user : `ann@${new_.kind}.example`, {
      calendars: calendars.length,
    });
    world.accounts.push(made);
    world.calendars.push(...calendars);
    world.changed('accounts');
    return { account: made, calendars };
  }

  const host: Host & { world: World } = {
    world,
    async statusGet() {
      await moment(world.mood === 'slow' ? 4000 : 30);
      return world.status();
    },
    async accountList() {
      return world.accounts.map((it, index) => ({
        ...it,
        calendars: world.calendars.filter((of) => of.account === it.name).length,
        needs_person: world.mood === 'error' && index === 1,
        ...(world.mood === 'error' && index === 1 ? { failure: 'the sign-in is refused (HTTP 401)' } : {}),
      }));
    },
    async accountAdd(new_) {
      await moment(700);
      return added(new_);
    },
    async accountAddCancel() {},
    async accountSignIn(name_) {
      await moment(500);
      const found = world.accounts.find((it) => it.name === name_);
      return found ?? fail({ code: 'unknown_name', message: `there is no account “${name_}”` });
    },
    async accountRemove(name_) {
      await moment(500);
      const provider = world.accounts.find((it) => it.name === name_)?.provider;
      const gone = world.calendars.filter((it) => it.account === name_).map(({ id }) => id);
      world.groups = world.groups
        .map((group) => ({ ...group, calendars: group.calendars.filter((id) => !gone.includes(id)) }))
        .filter((group) => group.calendars.length > 1);
      world.calendars = world.calendars.filter((it) => it.account !== name_);
      world.accounts = world.accounts.filter((it) => it.name !== name_);
      for (const key of world.standing.keys()) {
        if (gone.some((id) => key.split('\n').includes(id))) world.standing.delete(key);
      }
      world.changed('accounts', 'groups', 'status');
      return {
        account: name_,
        removed: true,
        mirrors_removed: 214,
        unreached: [],
        groups_smaller: [],
        groups_removed: [],
        ...(provider === 'microsoft'
          ? { grant: { state: 'stands' as const, provider: 'Microsoft', pages: ['https://account.live.com/consent/Manage'] } }
          : {}),
      };
    },
    async calendarList() {
      return {
        calendars: world.calendars.map((it) => ({
          ...it,
          groups: world.groups.filter(({ calendars }) => calendars.includes(it.id)).map((group) => group.name),
        })),
        troubles: [],
      };
    },
    async calendarPause(path, length) {
      world.pausedCalendars.set(world.find(path).id, until(length));
      world.changed('status');
      return pauses();
    },
    async calendarResume(path) {
      world.pausedCalendars.delete(world.find(path).id);
      world.changed('status');
      return pauses();
    },
    async groupList() {
      return world.groups.map((group) => world.groupDto(group));
    },
    async groupForecast(group) {
      await moment(40);
      const drawn = world.resolve(group);
      const others = without(group.replaces);
      const standing = new Set(world.wanted().map(linkKey));
      const links = linksOf(drawn).filter((link) => !world.readOnly.has(link.target));
      const places = links.map((link) => (standing.has(linkKey(link)) ? 0 : eventCount(link.source)));
      return {
        pairs_now: countPairs(world.groups, world.readOnly),
        pairs_after: countPairs([...others, drawn], world.readOnly),
        pair_limit: world.pairLimit,
        links: links.map(({ source, target }, index) => ({
          link: world.link(source, target),
          place: places[index] ?? null,
        })),
        left_out: world.groupDto({ ...drawn, name: '' }).left_out,
        duration_s: Math.ceil(places.reduce((sum, count) => sum + count, 0) / 9),
      };
    },
    async groupAdd(group) {
      await moment();
      const drawn = world.resolve(group);
      const others = without(group.replaces);
      const limit = world.pairLimit;
      const pairs = countPairs([...others, drawn], world.readOnly);
      if (limit !== null && pairs > limit) {
        fail({ code: 'pair_limit', message: `this would make ${pairs} pairs, and ${limit} are allowed` });
      }
      const before = new Set(world.wanted().map(linkKey));
      let number = 1;
      while (world.groups.some((it) => it.name === `${drawn.shape}-${number}`)) number += 1;
      const made: Group = { ...drawn, name: group.replaces ?? `${drawn.shape}-${number}` };
      world.groups = [...others, made];
      done('group add');
      world.changed('groups', 'status', 'plan', 'steps');
      return {
        group: world.groupDto(made),
        removed: [],
        links_added: linksOf(drawn)
          .filter((link) => !before.has(linkKey(link)) && !world.readOnly.has(link.target))
          .map(({ source, target }) => world.link(source, target)),
        links_removed: [],
        links_paused: [],
        mirrors_to_remove: 0,
      };
    },
    async groupRemove(of) {
      world.groups = without(of);
      done('group remove');
      const wanted = new Set(world.wanted().map(linkKey));
      const gone = [...world.standing].filter(([key]) => !wanted.has(key));
      world.changed('groups', 'status', 'plan', 'steps');
      return {
        removed: [of],
        links_added: [],
        links_removed: gone.map(([key]) => world.link(key.split('\n')[0] ?? '', key.split('\n')[1] ?? '')),
        links_paused: [],
        mirrors_to_remove: gone.reduce((sum, [, count]) => sum + count, 0),
      };
    },
    async groupLeave(of, path) {
      const id = world.find(path).id;
      world.groups = world.groups
        .map((group) => (group.name === of ? { ...group, calendars: group.calendars.filter((it) => it !== id) } : group))
        .filter(({ calendars }) => calendars.length > 1);
      done('group remove');
      world.changed('groups', 'status', 'plan', 'steps');
      return { removed: [], links_added: [], links_removed: [], links_paused: [], mirrors_to_remove: 0 };
    },
    async linkPause(scope, length) {
      for (const link of chosen(scope)) world.pausedLinks.set(keyOf(link), until(length));
      world.changed('status');
      return world.links();
    },
    async linkResume(scope) {
      for (const link of chosen(scope)) world.pausedLinks.delete(keyOf(link));
      world.changed('status');
      return world.links();
    },
    async policyPrepare(scope, change) {
      await moment(120);
      if (change.hours && change.hours !== 'none' && !/^[A-Za-z, -]+\d\d:\d\d-\d\d:\d\d/.test(change.hours)) {
        fail({ code: 'invalid_value', message: `“${change.hours}” is no time of work`, hint: 'as in “Mon-Fri 09:00-17:00 Europe/Berlin”' });
      }
      const links = chosen(scope);
      const effects = links.map((link) => {
        const policy = changed(link.policy, change);
        const narrower = policy.hours !== null && link.policy.hours === null;
        return {
          name: link.name,
          source: link.source,
          target: link.target,
          policy,
          place: 0,
          change: policy.label !== link.policy.label ? link.mirrors : 0,
          remove: !policy.on ? link.mirrors : narrower ? Math.floor(link.mirrors / 5) : 0,
        };
      });
      const made = token();
      policies.set(made, { links: links.map(keyOf), effects });
      return { token: made, effects };
    },
    async policySet(of) {
      const found = policies.get(of) ?? fail({ code: 'internal', message: 'nothing was prepared' });
      for (const [index, key] of found.links.entries()) {
        world.policies.set(key, found.effects[index]?.policy ?? defaultPolicy());
      }
      done('link set');
      world.changed('status', 'plan', 'steps');
      return found.effects;
    },
    async pauseSet(length) {
      world.paused = { until: until(length) };
      world.changed('status');
      return pauses();
    },
    async pauseEnd() {
      world.paused = null;
      world.changed('status');
      return pauses();
    },
    async checkNow() {
      for (const it of world.calendars) world.run({ event: 'pull_started', calendar: refer(it) });
      await moment(300);
      world.run({ event: 'quiet' });
      world.changed('status');
    },
    async planPrepare(allowRemovals) {
      await moment(query.has('instant') ? 0 : 260);
      if (allowRemovals !== null) world.released = true;
      kept = prepared(world, token());
      return kept;
    },
    async planApply(of) {
      if (kept?.token !== of) fail({ code: 'internal', message: 'the plan is not the one that was shown' });
      cancelled = false;
      const { plan } = kept;
      const placed = plan.targets.reduce((sum, target) => sum + target.place, 0);
      const removed = plan.targets.reduce((sum, target) => sum + target.remove, 0);
      for (const target of plan.targets) {
        const total = target.place + target.move + target.change + target.remove;
        for (let step = 0; step < total && !cancelled; step += 12) {
          await moment(40);
          const link = target.links[step % target.links.length]?.link;
          if (link) world.write(link, 'placed');
          world.run({ event: 'place_progress', calendar: target.calendar, done: Math.min(total, step + 12), total });
        }
        if (cancelled) break;
        for (const row of target.links) {
          const key = keyOf(row.link);
          if (row.remove > 0) world.standing.delete(key);
          else world.standing.set(key, row.mirrored);
        }
      }
      const step = world.steps[0];
      if (step?.open) Object.assign(step, { open: false, written: { placed, updated: 0, removed } });
      world.changed('status', 'plan', 'steps');
      return {
        passes: 1,
        written: { placed, updated: 0, removed, adopted: 0, deferred: 0, wedged: 0 },
        in_step: !cancelled,
        troubles: [],
        plan,
      };
    },
    async planCancel() {
      cancelled = true;
    },
    async activityList(limit) {
      return world.journeys.slice(0, limit);
    },
    async whyAsk(path, at) {
      await moment();
      return why(world, path, at);
    },
    async undoList() {
      return world.steps;
    },
    async undoPrepare(redo) {
      await moment();
      const step = (redo ? world.undone[0] : world.steps.find((it) => !it.undone)) ?? null;
      const undo: UndoDto = {
        done: false,
        redo,
        step,
        changes: {
          settings: [],
          accounts_back: [],
          groups_back: [],
          groups_changed: [],
          groups_gone: step && !redo ? world.groups.slice(-1).map((group) => group.name) : [],
          links_back: [],
          links_gone: [],
          links_cleaned: [],
          links_paused: [],
          links_resumed: [],
          rules: [],
          calendars_paused: [],
          calendars_resumed: [],
        },
        stays: [],
        sign_in: [],
        plan: step ? prepared(world, '').plan : null,
      };
      return { token: token(), undo };
    },
    async undoApply() {
      const step = world.steps.find((it) => !it.undone);
      if (step) {
        step.undone = true;
        world.undone.unshift(step);
      }
      world.groups = world.groups.slice(0, -1);
      for (const key of [...world.standing.keys()]) {
        if (!world.wanted().some((link) => linkKey(link) === key)) world.standing.delete(key);
      }
      world.changed('groups', 'status', 'plan', 'steps');
      const { undo } = await host.undoPrepare(false);
      return { ...undo, done: true, written: { placed: 0, updated: 0, removed: step?.written.placed ?? 0, adopted: 0, deferred: 0, wedged: 0 } };
    },
    async glanceGet(from, to) {
      await moment();
      return glance(world, from, to);
    },
    async requestList(limit) {
      await moment();
      return requests(world).slice(0, limit);
    },
    async settingList() {
      const meaning: Record<string, string> = {
        window: 'days ahead in which busy blocks are placed (30 to 730)',
        poll_interval: 'seconds between two looks at a calendar (15 to 86400)',
        zone: 'IANA zone for times without a zone, for calendars added from now on, or none',
        label: 'what busy blocks are called (at most 60 characters)',
        pair_limit: 'how many pairs there may be, or none',
      };
      const defaults: Record<string, string | null> = { window: '180', poll_interval: '60', zone: null, label: 'Busy', pair_limit: null };
      return {
        settings: [...world.settings].map(([key, value]) => ({
          key,
          value,
          default: defaults[key] ?? null,
          meaning: meaning[key] ?? '',
        })),
      };
    },
    async settingSet(key, value) {
      const number = Number(value);
      const range: Record<string, [number, number]> = { window: [30, 730], poll_interval: [15, 86_400], pair_limit: [1, 10_000] };
      const bounds = range[key];
      if (bounds && value !== 'none' && !(Number.isInteger(number) && number >= bounds[0] && number <= bounds[1])) {
        fail({ code: 'invalid_value', message: `${key} cannot be “${value}”`, hint: `${bounds[0]} to ${bounds[1]}` });
      }
      world.settings.set(key, value === 'none' ? null : value);
      done('settings set');
      world.changed('settings', 'plan', 'steps');
      return { key, value: world.settings.get(key) ?? null, default: null, meaning: '' };
    },
    async settingsExport() {
      await moment();
      return true;
    },
    async settingsImportPrepare() {
      const changes: ImportDto = {
        imported: false,
        settings: [{ key: 'window', from: world.settings.get('window') ?? null, to: '90' }],
        accounts_added: ['studio'],
        calendars_added: ['studio/bookings'],
        groups_added: ['pair-2'],
        links_added: ['Work → Bookings', 'Bookings → Work'],
        links_paused: [],
        links_resumed: [],
        policies_kept: [],
        sign_in: [{ account: 'studio', command: 'starmesh account signin studio' }],
      };
      return { token: token(), changes };
    },
    async settingsImport() {
      world.settings.set('window', '90');
      world.changed('settings', 'accounts', 'groups', 'plan');
      const prepared_ = await host.settingsImportPrepare();
      return { ...prepared_!.changes, imported: true };
    },
    async keyExport() {
      await moment();
      return true;
    },
    async doctorExamine() {
      await moment(500);
      return doctor(world);
    },
    async doctorBundle() {
      const { findings, ...rest } = doctor(world);
      const redacted = findings.map(({ account: of, calendar: it, link, said, ...kept_ }) => ({
        ...kept_,
        ...(of ? { account: `account ${world.accounts.findIndex((known) => known.name === of) + 1}` } : {}),
        ...(it || link || said ? { left_out: true } : {}),
      }));
      return { text: JSON.stringify({ ...rest, system: 'Linux', findings: redacted }, null, 2) };
    },
    async doctorSave() {
      await moment();
      return true;
    },
    async leavePrepare() {
      return {
        token: token(),
        links: world
          .links()
          .filter(({ mirrors }) => mirrors > 0)
          .map(({ name: of, source, target, mirrors }) => ({ link: { name: of, source, target }, mirrors })),
        accounts: world.accounts.map((it) => it.name),
        revocable: world.accounts.filter(({ provider }) => provider === 'google').map((it) => it.name),
      };
    },
    async leaveApply() {
      await moment(600);
      const removed = [...world.standing.values()].reduce((sum, count) => sum + count, 0);
      world.standing.clear();
      world.groups = [];
      world.calendars = [];
      world.accounts = [];
      world.journeys = [];
      world.changed('accounts', 'groups', 'status', 'plan', 'steps');
      return { links: [], removed, unreached: [] };
    },
    async prefsGet() {
      return world.prefs;
    },
    async prefsSet(prefs) {
      world.prefs = prefs;
      world.changed('prefs');
      return prefs;
    },
    async pageOpen() {},
    async textCopy(text) {
      copied.push(text);
    },
    subscribe: (listener) => world.listen(listener),
  };
  return host;
}

/** What was copied, for tests to read. */
export const copied: string[] = [];

const asked = query.get('scenario') ?? 'star';
export const host = pretend(asked in SCENARIOS ? (asked as ScenarioName) : 'star');

// A test or a person at the console lets things happen: `starmesh.book()`.
Object.assign(globalThis, { starmesh: { world: host.world, copied } });

if (query.has('lively')) setInterval(() => host.world.book(), 1400);
