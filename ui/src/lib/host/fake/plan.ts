//! Plans of the pretended world.

import type { LinkPlanDto, PlanDto, TargetPlanDto } from '$lib/bindings';
import { linkKey } from '$lib/topology/pairs';
import type { PreparedPlanDto, SpanDto, WeekDto } from '../types';
import { eventCount, events, midnight, refer } from './calendars';
import type { World } from './world';

const DAY = 86_400_000;

function emptyTarget(world: World, id: string): TargetPlanDto {
  return {
    calendar: refer(world.find(id)),
    place: 0,
    move: 0,
    change: 0,
    remove: 0,
    adopt: 0,
    resting: 0,
    links: [],
    held: [],
    stuck: [],
    strays: {},
  };
}

export function planOf(world: World): PlanDto {
  const targets = new Map<string, TargetPlanDto>();
  const target = (id: string) => {
    const found = targets.get(id) ?? emptyTarget(world, id);
    targets.set(id, found);
    return found;
  };
  const links = world.links();
  const wanted = new Set(links.map(({ source, target: to }) => linkKey({ source: source.id, target: to.id })));

  for (const link of links.filter(({ state }) => state === 'active')) {
    const key = linkKey({ source: link.source.id, target: link.target.id });
    const of = target(link.target.id);
    const stands = world.standing.get(key) ?? 0;
    const mirrored = eventCount(link.source.id);
    const moved = world.mood === 'busy' && of.links.length === 0 ? 2 : 0;
    const row: LinkPlanDto = {
      link: { name: link.name, source: link.source, target: link.target },
      place: stands === 0 ? mirrored : 0,
      move: moved,
      change: 0,
      remove: 0,
      mirrored,
      skipped: { free: 3 + (mirrored % 7), declined: mirrored % 4, same_meeting: mirrored % 3 },
    };
    of.links.push(row);
    of.place += row.place;
    of.move += row.move;
  }
  for (const [key, stands] of world.standing) {
    if (wanted.has(key) || stands === 0) continue;
    const [source = '', to = ''] = key.split('\n');
    const of = target(to);
    of.remove += stands;
    of.links.push({ link: world.link(source, to), place: 0, move: 0, change: 0, remove: stands, mirrored: 0, skipped: {} });
  }
  if (world.mood === 'brake' && !world.released) {
    const first = links.find(({ target: to }) => to.id === world.calendars[0]?.id);
    if (first) {
      target(first.target.id).held.push({
        link: { name: first.name, source: first.source, target: first.target },
        removals: 37,
        limit: 10,
        removed_lately: 2,
      });
    }
  }
  const refused = world.mood === 'error' ? world.calendars[1] : undefined;
  const rows = [...targets.values()];
  const troubles: PlanDto['troubles'] = refused
    ? [
        {
          account: refused.account,
          calendar: refer(refused),
          code: 'sign_in_refused',
          message: 'www.googleapis.com refuses the sign-in (HTTP 401)',
          needs_person: true,
        },
      ]
    : [];
  const today = midnight(Date.now());
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  const days = Number(world.settings.get('window') ?? 180);
  const idle = rows.every((row) => row.place + row.move + row.change + row.remove === 0 && row.held.length === 0);
  return {
    window: { from: day(today - DAY), to: day(today + days * DAY), days, narrower: days < 180 },
    in_step: idle && troubles.length === 0,
    targets: rows,
    troubles,
    questions: [],
    links_paused: links.filter(({ state }) => state === 'paused').length,
  };
}

/** The next seven days of each calendar that the plan touches. */
export function weeksOf(world: World, plan: PlanDto): WeekDto[] {
  const from = midnight(Date.now());
  return plan.targets.map((target) => {
    const own: SpanDto[] = events(target.calendar.id, from, 7).map((time) => ({ time, kind: 'own' }));
    const before: SpanDto[] = [...own];
    const after: SpanDto[] = [...own];
    for (const row of target.links) {
      const blocks = events(row.link.source.id, from, 7);
      const stands = world.standing.get(linkKey({ source: row.link.source.id, target: row.link.target.id })) ?? 0;
      const held = target.held.some((it) => it.link.source.id === row.link.source.id);
      for (const [index, time] of blocks.entries()) {
        if (stands === 0) after.push({ time, kind: 'placed' });
        else if (row.remove > 0) before.push({ time, kind: 'removed' });
        else if (held && index % 2 === 0) {
          before.push({ time, kind: 'stays' });
          after.push({ time, kind: 'held' });
        } else if (row.move > 0 && index < 2) {
          const later = (text: string) => new Date(Date.parse(text) + 5_400_000).toISOString();
          before.push({ time, kind: 'moved_from' });
          after.push({ time: { ...time, start: later(time.start), end: later(time.end) }, kind: 'moved_to' });
        } else {
          before.push({ time, kind: 'stays' });
          after.push({ time, kind: 'stays' });
        }
      }
    }
    return { calendar: target.calendar, from: new Date(from).toISOString(), before, after };
  });
}

export function prepared(world: World, token: string): PreparedPlanDto {
  const plan = planOf(world);
  return { token, plan, weeks: weeksOf(world, plan) };
}
