//! Where calendars stand on the canvas. Pure: the same groups give the same picture.

import type { Drawn } from './pairs';

export interface Point {
  x: number;
  y: number;
}

export interface Area {
  width: number;
  height: number;
}

/** How large a calendar is drawn; smaller where there are many. */
export function nodeSize(count: number, area: Area): Area {
  if (area.width < 560) return { width: 132, height: 44 };
  return count > 12 ? { width: 136, height: 44 } : { width: 196, height: 64 };
}

const GRID = 4;
const snap = (value: number) => Math.round(value / GRID) * GRID;

/** Points on an ellipse, the first at the top, at equal lengths of arc so that none crowd at the ends. */
export function ellipse(count: number, radii: Area, turn = -Math.PI / 2): Point[] {
  const steps = 720;
  const at = (angle: number): Point => ({ x: radii.width * Math.cos(angle), y: radii.height * Math.sin(angle) });
  const lengths = [0];
  let last = at(turn);
  for (let step = 1; step <= steps; step += 1) {
    const next = at(turn + (step / steps) * 2 * Math.PI);
    lengths.push((lengths[step - 1] ?? 0) + Math.hypot(next.x - last.x, next.y - last.y));
    last = next;
  }
  const whole = lengths[steps] ?? 1;
  const points: Point[] = [];
  let step = 0;
  for (let index = 0; index < count; index += 1) {
    while ((lengths[step] ?? whole) < (index / count) * whole) step += 1;
    points.push(at(turn + (step / steps) * 2 * Math.PI));
  }
  return points;
}

/** Half axes of the ring for so many calendars: wide enough that none touch, in the proportions of the window. */
export function radii(count: number, node: Area, area: Area): Area {
  if (count < 2) return { width: 0, height: 0 };
  const narrow = area.width < 560;
  const width = Math.max(node.width * 1.1, (area.width - node.width) / 2 - 48);
  const height = Math.max(node.height * 2.1, (area.height - node.height) / 2 - 64);
  const ring = count <= 5 ? 0.72 : 1;
  const wanted = { width: Math.min(width, narrow ? 150 : 560) * ring, height: Math.min(height, 420) * ring };
  // Side by side they need their height, one above the other their width: so the ring grows with the count.
  const length = count * (node.height + 26) * 1.25;
  const around = Math.PI * (3 * (wanted.width + wanted.height) - Math.sqrt((3 * wanted.width + wanted.height) * (wanted.width + 3 * wanted.height)));
  const grow = Math.max(1, length / around);
  return { width: wanted.width * (narrow ? 1 : grow), height: wanted.height * grow };
}

/** A star around its hub. Few spokes stand to the left and right first, where names have room. */
export function star(spokes: number, node: Area, area: Area): { hub: Point; spokes: Point[] } {
  const ring = radii(spokes + 1, node, area);
  const turn = spokes <= 2 ? Math.PI : spokes === 4 ? -Math.PI * 0.75 : -Math.PI / 2;
  return { hub: { x: 0, y: 0 }, spokes: ellipse(spokes, ring, turn) };
}

export function mesh(count: number, node: Area, area: Area): Point[] {
  if (count === 2) return [{ x: -node.width, y: 0 }, { x: node.width, y: 0 }];
  return ellipse(count, radii(count, node, area));
}

/** The middle of each calendar: groups side by side, and below them what is in none. */
export function arrange(groups: readonly Drawn[], all: readonly string[], area: Area): Map<string, Point> {
  const node = nodeSize(all.length, area);
  const placed = new Map<string, Point>();
  const drawn = groups.filter(({ calendars }) => calendars.length > 0);
  const share = { width: area.width / Math.max(1, Math.min(drawn.length, 2)), height: area.height };
  let edge = 0;
  for (const [index, group] of drawn.entries()) {
    const members = group.calendars.filter((id) => !placed.has(id));
    const cluster = new Map<string, Point>();
    const hub = group.calendars[0] ?? '';
    if (group.shape === 'star' && members.includes(hub)) {
      const shape = star(members.length - 1, node, share);
      cluster.set(hub, shape.hub);
      members.filter((id) => id !== hub).forEach((id, at) => cluster.set(id, shape.spokes[at] ?? shape.hub));
    } else {
      mesh(members.length, node, share).forEach((point, at) => cluster.set(members[at] ?? '', point));
    }
    const left = Math.min(0, ...[...cluster.values()].map(({ x }) => x));
    const right = Math.max(0, ...[...cluster.values()].map(({ x }) => x));
    const shift = index === 0 ? -left : edge - left;
    for (const [id, { x, y }] of cluster) placed.set(id, { x: snap(x + shift), y: snap(y) });
    if (cluster.size > 0) edge = shift + right + node.width * 1.9;
  }
  const rest = all.filter((id) => !placed.has(id));
  const points = [...placed.values()];
  const bottom = points.length === 0 ? 0 : Math.max(...points.map(({ y }) => y)) + node.height * 2.2;
  const middle = points.length === 0 ? 0 : (Math.min(...points.map(({ x }) => x)) + Math.max(...points.map(({ x }) => x))) / 2;
  const columns = Math.max(1, Math.min(rest.length, Math.floor(area.width / (node.width + 28))));
  rest.forEach((id, index) => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, rest.length - row * columns);
    placed.set(id, {
      x: snap(middle + ((index % columns) - (inRow - 1) / 2) * (node.width + 28)),
      y: snap(bottom + row * (node.height + 28)),
    });
  });
  return placed;
}

/** Where the line from the middle of one box to the middle of another leaves the first. */
export function border(from: Point, to: Point, { width, height }: Area, gap = 0): Point {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  if (dx === 0 && dy === 0) return from;
  const scale = Math.min(
    dx === 0 ? Infinity : (width / 2 + gap) / Math.abs(dx),
    dy === 0 ? Infinity : (height / 2 + gap) / Math.abs(dy),
  );
  return { x: from.x + dx * Math.min(1, scale), y: from.y + dy * Math.min(1, scale) };
}
