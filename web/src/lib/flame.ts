// Where every frame of a flame graph lies. Widths and places are shares of the
// whole, so that zooming and resizing only scale.
import type { Flame } from "../api/types";

export interface FlameLayout {
  /** Number of frames; frame 0 is the root that holds everything. */
  count: number;
  parent: Int32Array;
  /** Function of each frame; -1 for the root. */
  fn: Int32Array;
  depth: Int32Array;
  self: Float64Array;
  total: Float64Array;
  x: Float64Array;
  width: Float64Array;
  maxDepth: number;
}

/** [parent or -1, function, self, total], as the API writes it. */
type Frame = [number, number, number, number];

/** Places the frames, which come parent before child, side by side above each other. */
export function layoutFlame({ frames, total }: Pick<Flame, "frames" | "total">): FlameLayout {
  const layout = empty(frames.length + 1);
  const whole = Math.max(total, 1);
  const cursor = new Float64Array(layout.count); // where the next child begins
  layout.fn[0] = -1;
  layout.parent[0] = -1;
  layout.width[0] = 1;
  layout.total[0] = total;
  frames.forEach((frame, i) => {
    const [parent, fn, self, value] = frame as Frame;
    const at = i + 1;
    const above = parent + 1; // -1, a child of the root, becomes frame 0
    layout.parent[at] = above;
    layout.fn[at] = fn;
    layout.self[at] = self;
    layout.total[at] = value;
    layout.depth[at] = num(layout.depth, above) + 1;
    layout.x[at] = num(cursor, above);
    layout.width[at] = value / whole;
    cursor[at] = num(cursor, above);
    cursor[above] = num(cursor, above) + value / whole;
    layout.maxDepth = Math.max(layout.maxDepth, num(layout.depth, at));
  });
  return layout;
}

function empty(count: number): FlameLayout {
  return {
    count,
    parent: new Int32Array(count),
    fn: new Int32Array(count),
    depth: new Int32Array(count),
    self: new Float64Array(count),
    total: new Float64Array(count),
    x: new Float64Array(count),
    width: new Float64Array(count),
    maxDepth: 0,
  };
}

/** An element that is there by construction. */
export const num = (array: Int32Array | Float64Array, i: number) => array[i] as number;

/** The frames from the root down to one. */
export function pathTo(layout: FlameLayout, frame: number): number[] {
  const path: number[] = [];
  for (let at = frame; at >= 0; at = num(layout.parent, at)) path.unshift(at);
  return path;
}

/** Which frame lies at a place: depth, and x as a share of the whole. */
export function frameAt(layout: FlameLayout, depth: number, x: number): number {
  for (let i = 0; i < layout.count; i++) {
    if (num(layout.depth, i) !== depth) continue;
    const from = num(layout.x, i);
    if (x >= from && x < from + num(layout.width, i)) return i;
  }
  return -1;
}

/** The widest frame of a function: where zooming to the function leads. */
export function widest(layout: FlameLayout, fn: number): number {
  let best = -1;
  for (let i = 0; i < layout.count; i++) {
    if (layout.fn[i] === fn && (best < 0 || num(layout.total, i) > num(layout.total, best))) best = i;
  }
  return best;
}

/** How much lies under the matching frames, each byte counted once. */
export function covered(layout: FlameLayout, matches: (fn: number) => boolean): number {
  const inside = new Uint8Array(layout.count);
  let sum = 0;
  for (let i = 1; i < layout.count; i++) {
    const above = inside[num(layout.parent, i)];
    const hit = matches(num(layout.fn, i));
    inside[i] = above || hit ? 1 : 0;
    if (hit && !above) sum += num(layout.total, i);
  }
  return sum;
}

export type Direction = "up" | "down" | "left" | "right";

/** The neighbour of a frame, for moving by keys; the frame itself at the edge. */
export function neighbour(layout: FlameLayout, frame: number, direction: Direction): number {
  if (direction === "up") return Math.max(0, num(layout.parent, frame));
  const [parent, from] = direction === "down" ? [frame, -1] : [num(layout.parent, frame), frame];
  let before = frame;
  let seen = false;
  for (let i = 1; i < layout.count; i++) {
    if (layout.parent[i] !== parent) continue;
    if (direction === "down") return i;
    if (seen) return i;
    if (i === from) {
      if (direction === "left") return before;
      seen = true;
    }
    before = i;
  }
  return frame;
}

const hues = [262, 220, 200, 28, 340, 168, 44, 300];

/** A hue per package, the same on every visit. */
export function hueOf(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) | 0;
  return hues[Math.abs(hash) % hues.length] as number;
}
