// Draws a flame graph. Only frames wider than a pixel are drawn, so the cost
// follows what can be seen, not what was recorded.
import { type FlameLayout, hueOf, num } from "./flame";

/** As tall as the room allows, so that a small profile is easy to read and to hit. */
export function rowHeightFor(rows: number, room: number): number {
  return Math.max(18, Math.min(26, Math.floor(room / rows)));
}

export interface Scene {
  layout: FlameLayout;
  names: string[];
  packages: string[];
  /** The frame that fills the width. */
  zoom: number;
  selected: number;
  /** Functions to bring out; undefined when nothing is searched. */
  hits?: Set<number>;
  dark: boolean;
  rowHeight: number;
}

interface Colours {
  root: string;
  text: string;
  highlight: string;
  outline: string;
}

export function paint(canvas: HTMLCanvasElement, scene: Scene) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(ratio, ratio);
  context.font = `${scene.rowHeight > 21 ? 12 : 11}px ${getComputedStyle(canvas).fontFamily}`;
  context.textBaseline = "middle";
  const colours = coloursOf(canvas, scene.dark);
  const glyph = context.measureText("m").width;
  for (let i = 0; i < scene.layout.count; i++) drawFrame(context, scene, i, width, colours, glyph);
}

/** Where a frame lies on the screen; ancestors of the zoomed one fill the width. */
export function place({ layout, zoom, rowHeight }: Scene, i: number, width: number) {
  const from = num(layout.x, zoom);
  const scale = width / num(layout.width, zoom);
  const left = (num(layout.x, i) - from) * scale;
  return { left, size: num(layout.width, i) * scale, top: num(layout.depth, i) * rowHeight };
}

function drawFrame(
  context: CanvasRenderingContext2D,
  scene: Scene,
  i: number,
  width: number,
  colours: Colours,
  glyph: number,
) {
  const { left, size, top } = place(scene, i, width);
  const { rowHeight } = scene;
  if (size < 0.7 || left > width || left + size < 0) return;
  const from = Math.max(left, 0);
  const shown = Math.min(left + size, width) - from;
  const fn = num(scene.layout.fn, i);
  const hit = scene.hits?.has(fn);
  context.globalAlpha = scene.hits && !hit ? 0.35 : 1;
  context.fillStyle = hit ? colours.highlight : fill(scene, fn, colours);
  context.fillRect(from, top, Math.max(shown - 0.6, 0.6), rowHeight - 1);
  if (shown > 4 * glyph) write(context, scene, fn, from, shown, top, hit ? "#12161c" : colours.text, glyph);
  context.globalAlpha = 1;
  if (i !== scene.selected) return;
  context.strokeStyle = colours.outline;
  context.lineWidth = 2;
  context.strokeRect(from + 1, top + 1, Math.max(shown - 2.6, 1), rowHeight - 3);
}

function write(
  context: CanvasRenderingContext2D,
  scene: Scene,
  fn: number,
  left: number,
  size: number,
  top: number,
  colour: string,
  glyph: number,
) {
  const name = fn < 0 ? "all" : (scene.names[fn] ?? "");
  const room = Math.floor((size - 8) / glyph);
  if (room < 2) return;
  context.fillStyle = colour;
  context.fillText(
    name.length > room ? `${name.slice(0, room - 1)}…` : name,
    left + 4,
    top + scene.rowHeight / 2,
  );
}

function fill(scene: Scene, fn: number, colours: Colours) {
  if (fn < 0) return colours.root;
  const hue = hueOf(scene.packages[fn] ?? "");
  const step = (fn % 5) * 2;
  return scene.dark ? `hsl(${hue} 38% ${34 + step}%)` : `hsl(${hue} 62% ${80 - step}%)`;
}

function coloursOf(canvas: HTMLCanvasElement, dark: boolean): Colours {
  const style = getComputedStyle(canvas);
  const token = (name: string) => style.getPropertyValue(name).trim();
  return {
    root: token("--idle-subtle"),
    text: dark ? "#f3f6fa" : "#1a1f26",
    highlight: token("--highlight"),
    outline: token("--fg"),
  };
}
