//! The situations in which the window can be looked at: `?scenario=NAME`.

import type { AccountDto, CalendarDto, ShapeDto } from '$lib/bindings';
import { account, calendar } from './calendars';

export interface Scenario {
  accounts: AccountDto[];
  calendars: CalendarDto[];
  /** Groups by the paths of their calendars. */
  groups: { name: string; shape: ShapeDto; calendars: string[] }[];
  /** Groups whose busy blocks are not placed yet. */
  fresh?: boolean;
  mood: 'well' | 'busy' | 'error' | 'offline' | 'first' | 'brake' | 'paused' | 'broken' | 'slow';
  pairLimit: number | null;
}

const outlook = () => account('office', 'microsoft', 'ann@contoso.example');
const gmail = () => account('personal', 'google', 'ann.lee@gmail.example');
const nextcloud = () => account('family', 'caldav', 'ann');
const club = () => account('club', 'ics', '');

const work = () => calendar('office', 'Work', '#3B82F6');
const team = () => calendar('office', 'Team rota', '#8B5CF6');
const home = () => calendar('personal', 'Personal', '#10B981');
const kids = () => calendar('family', 'Kids', '#F59E0B');
const shared = () => calendar('family', 'Our family', '#EC4899');
const feed = () => calendar('club', 'Rowing club', '#14B8A6', { short_name: 'feed', read_only: true });

function four(): Pick<Scenario, 'accounts' | 'calendars' | 'groups' | 'pairLimit'> {
  return {
    accounts: [outlook(), gmail(), nextcloud(), club()],
    calendars: [work(), home(), shared(), kids(), feed()],
    groups: [
      {
        name: 'star-1',
        shape: 'star',
        calendars: ['office/work', 'personal/personal', 'family/our-family', 'family/kids', 'club/feed'],
      },
    ],
    pairLimit: 20,
  };
}

const CLIENTS = [
  'Aurora', 'Birch', 'Cobalt', 'Delta', 'Ember', 'Fjord', 'Granite', 'Harbor', 'Indigo', 'Juniper',
  'Kestrel', 'Lumen', 'Meadow', 'Nimbus', 'Orchid', 'Pioneer', 'Quarry', 'Ridge', 'Summit', 'Tundra',
];
const COLORS = ['#3B82F6', '#10B981', '#F59E0B', '#EC4899', '#8B5CF6', '#14B8A6', '#EF4444', '#84CC16'];

function many(count: number, shape: ShapeDto): Pick<Scenario, 'accounts' | 'calendars' | 'groups' | 'pairLimit'> {
  const accounts = [outlook(), gmail(), nextcloud()];
  const calendars = CLIENTS.slice(0, count).map((name, index) =>
    calendar(accounts[index % 3]?.name ?? 'office', name, COLORS[index % COLORS.length] ?? null),
  );
  return { accounts, calendars, groups: [{ name: `${shape}-1`, shape, calendars: calendars.map(({ path }) => path) }], pairLimit: null };
}

/** Texts that a page must show and never run. */
export const HOSTILE = [
  '<img src=x onerror="window.__owned=1">',
  '<script>window.__owned=1</script>',
  '"><svg/onload=window.__owned=1>',
  '{@html "<b>x</b>"}${window.__owned=1}',
  'javascript:window.__owned=1//',
  '\u202Eevil\u202C \u0000 \uD83D\uDE08'.repeat(2),
  'A'.repeat(300),
];

function hostile(): Scenario {
  const accounts = HOSTILE.slice(0, 3).map((name, index) =>
    account(name, ['caldav', 'google', 'microsoft'][index] ?? 'caldav', HOSTILE[4] ?? '', {
      failure: HOSTILE[0] ?? '',
    }),
  );
  const calendars = HOSTILE.map((name, index) =>
    calendar(accounts[index % 3]?.name ?? '', name, index === 0 ? 'red;background:url(//x.example)' : '#3B82F6', {
      short_name: `h${index}`,
      url: 'javascript:window.__owned=1',
    }),
  );
  return {
    accounts,
    calendars,
    groups: [{ name: HOSTILE[1] ?? '', shape: 'star', calendars: calendars.map(({ path }) => path) }],
    mood: 'error',
    pairLimit: null,
  };
}

export const SCENARIOS = {
  empty: (): Scenario => ({ accounts: [], calendars: [], groups: [], mood: 'well', pairLimit: null }),
  unlinked: (): Scenario => ({ ...four(), groups: [], mood: 'well' }),
  pair: (): Scenario => ({
    ...four(),
    groups: [{ name: 'pair-1', shape: 'pair', calendars: ['office/work', 'personal/personal'] }],
    mood: 'well',
  }),
  star: (): Scenario => ({ ...four(), mood: 'well' }),
  star10: (): Scenario => ({ ...many(11, 'star'), mood: 'well' }),
  star20: (): Scenario => ({ ...many(20, 'star'), mood: 'well' }),
  mixed: (): Scenario => ({
    accounts: [outlook(), gmail(), nextcloud(), club()],
    calendars: [work(), team(), home(), shared(), kids(), feed()],
    groups: [
      { name: 'star-1', shape: 'star', calendars: ['office/work', 'personal/personal', 'office/team-rota', 'club/feed'] },
      { name: 'mesh-1', shape: 'mesh', calendars: ['personal/personal', 'family/our-family', 'family/kids'] },
    ],
    mood: 'well',
    pairLimit: 10,
  }),
  mesh20: (): Scenario => ({ ...many(20, 'mesh'), mood: 'well' }),
  mesh5: (): Scenario => ({ ...many(5, 'mesh'), mood: 'well' }),
  busy: (): Scenario => ({ ...four(), mood: 'busy' }),
  fresh: (): Scenario => ({ ...four(), fresh: true, mood: 'well' }),
  error: (): Scenario => ({ ...four(), mood: 'error' }),
  offline: (): Scenario => ({ ...four(), mood: 'offline' }),
  first: (): Scenario => ({ ...four(), fresh: true, mood: 'first' }),
  brake: (): Scenario => ({ ...four(), mood: 'brake' }),
  paused: (): Scenario => ({ ...four(), mood: 'paused' }),
  broken: (): Scenario => ({ ...four(), mood: 'broken' }),
  slow: (): Scenario => ({ ...four(), mood: 'slow' }),
  hostile,
} as const;

export type ScenarioName = keyof typeof SCENARIOS;
