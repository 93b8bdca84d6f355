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

/** Room between two calendars. */
const GAP = 22;

/** How far apart two points are, in calendars: at 1 or more the two do not touch. */
function apart(a: Point, b: Point, node: Area): number {
  return Math.max(Math.abs(a.x - b.x) / (node.width + GAP), Math.abs(a.y - b.y) / (node.height + GAP));
}

/** Points on an ellipse, as evenly as their boxes allow, the same to the left as to the right. */
export function ellipse(count: number, radii: Area, node: Area): Point[] {
  const steps = 1440;
  const at = (step: number): Point => {
    const angle = (step / steps) * 2 * Math.PI - Math.PI / 2;
    return { x: radii.width * Math.cos(angle), y: radii.height * Math.sin(angle) };
  };
  const lengths = [0];
  for (let step = 1; step <= steps; step += 1) {
    lengths.push((lengths[step - 1] ?? 0) + apart(at(step - 1), at(step), node));
  }
  const whole = lengths[steps] ?? 1;
  // An odd one stands at the top, an even number leaves the top free.
  const start = count % 2 === 0 ? 0.5 : 0;
  const points: Point[] = [];
  let step = 0;
  for (let index = 0; index < count; index += 1) {
    while ((lengths[step] ?? whole) < ((index + start) / count) * whole) step += 1;
    points.push(at(step));
  }
  return points;
}

/** Half axes of the ring for so many calendars: in the proportions of the window, and wide enough that none touch. */
export function radii(count: number, node: Area, area: Area, hub: boolean): Area {
  const ring = count <= 6 ? 0.7 : 1;
  // Away from a hub in the middle, whichever side they are on.
  const least = hub ? { width: 1.3 * node.width, height: 2.3 * node.height } : { width: 0.7 * node.width, height: node.height };
  let width = Math.max(least.width, Math.min(area.width / 2 - node.width * 0.6, 620) * ring);
  let height = Math.max(least.height, Math.min(area.height / 2 - node.height, 420) * ring);
  for (let round = 0; round < 60; round += 1) {
    const points = ellipse(count, { width, height }, node);
    const all = hub ? [...points, { x: 0, y: 0 }] : points;
    const close = all.some((a, index) => all.slice(index + 1).some((b) => apart(a, b, node) < 1));
    if (!close) break;
    width *= 1.06;
    height *= 1.06;
  }
  return { width, height };
}

/** A narrow window has no room for a ring: there calendars stand in two columns. */
function narrow(node: Area, area: Area): boolean {
  return area.width < 3 * node.width;
}

function columns(count: number, node: Area): Point[] {
  return Array.from({ length: count }, (_, index) => ({
    x: (index % 2 === 0 ? -0.5 : 0.5) * (node.width + GAP),
    y: Math.floor(index / 2) * (node.height + 2 * GAP),
  }));
}

/** A star around its hub. One or two spokes stand beside it, where names have room. */
export function star(spokes: number, node: Area, area: Area): { hub: Point; spokes: Point[] } {
  const hub = { x: 0, y: 0 };
  if (narrow(node, area)) {
    return { hub, spokes: columns(spokes, node).map(({ x, y }) => ({ x, y: y + node.height + 3 * GAP })) };
  }
  const side = { x: node.width * 1.7, y: 0 };
  if (spokes === 1) return { hub, spokes: [side] };
  if (spokes === 2) return { hub, spokes: [{ x: -side.x, y: -side.y }, side] };
  return { hub, spokes: ellipse(spokes, radii(spokes, node, area, true), node) };
}

export function mesh(count: number, node: Area, area: Area): Point[] {
  if (count === 1) return [{ x: 0, y: 0 }];
  if (narrow(node, area)) return columns(count, node);
  if (count === 2) return [{ x: -node.width, y: 0 }, { x: node.width, y: 0 }];
  return ellipse(count, radii(count, node, area, false), node);
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
      // What a later group shares stands to the right, where that group follows.
      const shared = (id: string) => drawn.some((other, at) => at > index && other.calendars.includes(id));
      const spokes = members.filter((id) => id !== hub);
      const rightmost = [...shape.spokes].sort((a, b) => b.x - a.x);
      const ordered = [...spokes.filter(shared), ...spokes.filter((id) => !shared(id))];
      const places = [...rightmost.slice(0, spokes.filter(shared).length)];
      places.push(...shape.spokes.filter((point) => !places.includes(point)));
      ordered.forEach((id, at) => cluster.set(id, places[at] ?? shape.hub));
    } else if (members.length === 2 && group.calendars.length > 2) {
      // The rest of a group stands elsewhere: one above the other leaves its lines apart.
      members.forEach((id, at) => cluster.set(id, { x: 0, y: (at === 0 ? -2 : 2) * node.height }));
    } else {
      mesh(members.length, node, share).forEach((point, at) => cluster.set(members[at] ?? '', point));
    }
    const left = Math.min(0, ...[...cluster.values()].map(({ x }) => x));
    const right = Math.max(0, ...[...cluster.values()].map(({ x }) => x));
    const shift = index === 0 ? -left : edge - left;
    for (const [id, { x, y }] of cluster) placed.set(id, { x: snap(x + shift), y: snap(y) });
    if (cluster.size > 0) edge = shift + right + node.width * 1.7;
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
