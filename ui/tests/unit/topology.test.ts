import { describe, expect, test } from 'vitest';
import type { CalendarDto } from '../../src/lib/bindings';
import { calendar } from '../../src/lib/host/fake/calendars';
import { arrange, border, nodeSize } from '../../src/lib/topology/layout';
import { countPairs, linksOf, linksOfAll, pairsOfShape, type Drawn } from '../../src/lib/topology/pairs';
import { Coalescer, PULSE_GAP_MS } from '../../src/lib/topology/pulses';
import { refuse, type Situation } from '../../src/lib/topology/validate';

const names = (count: number) => Array.from({ length: count }, (_, index) => `c${index}`);
const drawn = (shape: Drawn['shape'], count: number): Drawn => ({ shape, calendars: names(count) });
const nothing = new Set<string>();

describe('pairs', () => {
  test('a star of n spokes is exactly n pairs', () => {
    for (const spokes of [1, 4, 19]) expect(countPairs([drawn('star', spokes + 1)], nothing)).toBe(spokes);
  });

  test('a mesh of n calendars is n(n-1)/2 pairs', () => {
    for (const count of [2, 5, 20]) expect(countPairs([drawn('mesh', count)], nothing)).toBe((count * (count - 1)) / 2);
  });

  test('the short formula agrees with counting', () => {
    for (const shape of ['star', 'mesh'] as const) {
      expect(pairsOfShape(shape, 7)).toBe(countPairs([drawn(shape, 7)], nothing));
    }
    expect(pairsOfShape('one_way', 2)).toBe(countPairs([drawn('one_way', 2)], nothing));
    expect(pairsOfShape('mesh', 1)).toBe(0);
  });

  test('what two groups both make counts once', () => {
    expect(countPairs([drawn('mesh', 3), { shape: 'pair', calendars: ['c1', 'c0'] }], nothing)).toBe(3);
  });

  test('nothing goes into a calendar that can only be read', () => {
    const links = linksOfAll([drawn('star', 3)], new Set(['c1']));
    expect(links.some(({ target }) => target === 'c1')).toBe(false);
    expect(links.some(({ source }) => source === 'c1')).toBe(true);
  });

  test('a one-way pair goes one way', () => {
    expect(linksOf(drawn('one_way', 2))).toEqual([{ source: 'c0', target: 'c1' }]);
  });
});

describe('joining', () => {
  const all: CalendarDto[] = [
    calendar('a', 'Work', null),
    calendar('a', 'Home', null),
    calendar('b', 'Feed', null, { read_only: true }),
    calendar('b', 'News', null, { read_only: true }),
    calendar('b', 'Gone', null, { missing: true }),
  ];
  const [work, home, feed, news, gone] = all.map(({ id }) => id) as [string, string, string, string, string];
  const situation = (groups: Drawn[] = [], pairLimit: number | null = null): Situation => ({
    groups,
    calendars: new Map(all.map((it) => [it.id, it])),
    pairLimit,
  });

  test('two calendars that can be written may be joined', () => {
    expect(refuse(situation(), work, home)).toBeNull();
  });

  test('a calendar is not joined to itself', () => {
    expect(refuse(situation(), work, work)).toBe('same_calendar');
  });

  test('two feeds cannot be joined, one and a calendar can', () => {
    expect(refuse(situation(), feed, news)).toBe('nothing_writable');
    expect(refuse(situation(), feed, work)).toBeNull();
  });

  test('what is joined already is not joined again, a one-way pair may become two-way', () => {
    expect(refuse(situation([{ shape: 'pair', calendars: [work, home] }]), home, work)).toBe('already_joined');
    expect(refuse(situation([{ shape: 'pair', calendars: [feed, work] }]), feed, work)).toBe('already_joined');
    expect(refuse(situation([{ shape: 'one_way', calendars: [work, home] }]), work, home)).toBeNull();
  });

  test('a calendar that is gone cannot be joined', () => {
    expect(refuse(situation(), work, gone)).toBe('missing');
  });

  test('the pair limit refuses one more, and nothing that stands', () => {
    const groups: Drawn[] = [{ shape: 'pair', calendars: [work, feed] }];
    expect(refuse(situation(groups, 1), work, home)).toBe('limit');
    expect(refuse(situation(groups, 2), work, home)).toBeNull();
  });
});

describe('layout', () => {
  const areas = [
    { width: 330, height: 360 },
    { width: 980, height: 700 },
    { width: 2200, height: 1200 },
  ];

  test.each([
    ['star', 2], ['star', 5], ['star', 11], ['star', 20],
    ['mesh', 2], ['mesh', 5], ['mesh', 20],
    ['pair', 2],
  ] as const)('no two calendars of a %s of %i touch, in any window', (shape, count) => {
    for (const area of areas) {
      const node = nodeSize(count, area);
      const points = [...arrange([drawn(shape, count)], names(count), area).values()];
      expect(points).toHaveLength(count);
      for (const [index, a] of points.entries()) {
        for (const b of points.slice(index + 1)) {
          const touch = Math.abs(a.x - b.x) < node.width && Math.abs(a.y - b.y) < node.height;
          expect(touch, `${shape} ${count} in ${area.width}: ${JSON.stringify([a, b])}`).toBe(false);
        }
      }
    }
  });

  test('calendars in several groups, and in none, each have one place', () => {
    const groups = [drawn('star', 4), { shape: 'mesh', calendars: ['c1', 'x', 'y'] } as Drawn];
    const placed = arrange(groups, [...names(4), 'x', 'y', 'alone'], { width: 980, height: 700 });
    expect(new Set([...placed.values()].map(({ x, y }) => `${x} ${y}`)).size).toBe(7);
  });

  test('the same groups give the same picture', () => {
    const once = arrange([drawn('mesh', 9)], names(9), { width: 980, height: 700 });
    expect(arrange([drawn('mesh', 9)], names(9), { width: 980, height: 700 })).toEqual(once);
  });

  test('a line leaves a calendar at its border', () => {
    expect(border({ x: 0, y: 0 }, { x: 100, y: 0 }, { width: 40, height: 20 })).toEqual({ x: 20, y: 0 });
    expect(border({ x: 0, y: 0 }, { x: 0, y: -100 }, { width: 40, height: 20 })).toEqual({ x: 0, y: -10 });
  });
});

describe('pulses', () => {
  test('a single write pulses at once', () => {
    expect(new Coalescer().write('a', 1000)).toEqual({ link: 'a', count: 1 });
  });

  test('a burst is one pulse at once and one more with the rest as a count', () => {
    const pulses = new Coalescer();
    expect(pulses.write('a', 0)).toEqual({ link: 'a', count: 1 });
    for (let at = 1; at <= 30; at += 1) expect(pulses.write('a', at)).toBeNull();
    expect(pulses.due(PULSE_GAP_MS - 1)).toEqual([]);
    expect(pulses.nextDue).toBe(PULSE_GAP_MS);
    expect(pulses.due(PULSE_GAP_MS)).toEqual([{ link: 'a', count: 30 }]);
    expect(pulses.nextDue).toBeNull();
  });

  test('edges do not wait for each other', () => {
    const pulses = new Coalescer();
    pulses.write('a', 0);
    expect(pulses.write('b', 1)).toEqual({ link: 'b', count: 1 });
  });

  test('no write is lost: the counts add up', () => {
    const pulses = new Coalescer();
    let shown = 0;
    for (let at = 0; at < 5000; at += 7) {
      shown += pulses.write('a', at)?.count ?? 0;
      shown += pulses.due(at).reduce((sum, { count }) => sum + count, 0);
    }
    shown += pulses.due(10_000).reduce((sum, { count }) => sum + count, 0);
    expect(shown).toBe(Math.ceil(5000 / 7));
  });
});
