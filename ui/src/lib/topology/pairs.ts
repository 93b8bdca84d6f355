//! Which links and pairs follow from groups: the same arithmetic as the program's, so that a drawing can be
//! judged while it is drawn.

import type { ShapeDto } from '$lib/bindings';

/** A group by the ids of its calendars; a star's hub and a one-way pair's source first. */
export interface Drawn {
  shape: ShapeDto;
  calendars: readonly string[];
}

export interface Direction {
  source: string;
  target: string;
}

/** A name for two calendars that does not depend on their order. */
export function pairKey(a: string, b: string): string {
  return a < b ? `${a}\n${b}` : `${b}\n${a}`;
}

export function linkKey({ source, target }: Direction): string {
  return `${source}\n${target}`;
}

/** The links that a group makes, both directions of a pair one after the other. */
export function linksOf({ shape, calendars }: Drawn): Direction[] {
  const links: Direction[] = [];
  const both = (a: string, b: string) => {
    links.push({ source: a, target: b }, { source: b, target: a });
  };
  const [first, ...others] = calendars;
  if (first === undefined) return links;
  switch (shape) {
    case 'star':
    case 'pair':
      for (const other of others) both(first, other);
      break;
    case 'mesh':
      for (const [index, a] of calendars.entries()) {
        for (const b of calendars.slice(index + 1)) both(a, b);
      }
      break;
    case 'one_way':
      for (const other of others) links.push({ source: first, target: other });
      break;
  }
  return links;
}

/** What several groups make together, each link once; nothing goes into a calendar that cannot be written. */
export function linksOfAll(groups: readonly Drawn[], readOnly: ReadonlySet<string>): Direction[] {
  const links = new Map<string, Direction>();
  for (const group of groups) {
    for (const link of linksOf(group)) {
      if (!readOnly.has(link.target)) links.set(linkKey(link), link);
    }
  }
  return [...links.values()];
}

/** How many pairs several groups make together: what the pair limit counts. */
export function countPairs(groups: readonly Drawn[], readOnly: ReadonlySet<string>): number {
  return new Set(linksOfAll(groups, readOnly).map(({ source, target }) => pairKey(source, target))).size;
}

/** How many pairs a shape of so many calendars makes. */
export function pairsOfShape(shape: ShapeDto, calendars: number): number {
  if (calendars < 2) return 0;
  switch (shape) {
    case 'star':
      return calendars - 1;
    case 'mesh':
      return (calendars * (calendars - 1)) / 2;
    case 'pair':
    case 'one_way':
      return 1;
  }
}
