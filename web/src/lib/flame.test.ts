import { describe, expect, it } from "vitest";
import { covered, frameAt, hueOf, layoutFlame, neighbour, pathTo, widest } from "./flame";

// main 100 ── alloc 60 ── grow 20
//          └─ serve 30 ── alloc 10
const flame = {
  total: 100,
  frames: [
    [-1, 0, 10, 100],
    [0, 1, 40, 60],
    [1, 2, 20, 20],
    [0, 3, 20, 30],
    [3, 1, 10, 10],
  ] as [number, number, number, number][],
};

describe("layoutFlame", () => {
  const layout = layoutFlame(flame);

  it("puts children side by side under their parent", () => {
    expect([...layout.x].map((x) => Math.round(x * 100))).toEqual([0, 0, 0, 0, 60, 60]);
    expect([...layout.width].map((w) => Math.round(w * 100))).toEqual([100, 100, 60, 20, 30, 10]);
    expect([...layout.depth]).toEqual([0, 1, 2, 3, 2, 3]);
    expect(layout.maxDepth).toBe(3);
  });

  it("never lets a child leave its parent", () => {
    for (let i = 1; i < layout.count; i++) {
      const p = layout.parent[i] as number;
      expect(layout.x[i]).toBeGreaterThanOrEqual((layout.x[p] as number) - 1e-9);
      const end = (n: number) => (layout.x[n] as number) + (layout.width[n] as number);
      expect(end(i)).toBeLessThanOrEqual(end(p) + 1e-9);
    }
  });

  it("finds the frame at a place", () => {
    expect(frameAt(layout, 2, 0.59)).toBe(2);
    expect(frameAt(layout, 2, 0.61)).toBe(4);
    expect(frameAt(layout, 2, 0.95)).toBe(-1);
    expect(frameAt(layout, 0, 0.5)).toBe(0);
  });

  it("knows the way from the root", () => expect(pathTo(layout, 5)).toEqual([0, 1, 4, 5]));

  it("zooms to the widest frame of a function", () => {
    expect(widest(layout, 1)).toBe(2);
    expect(widest(layout, 9)).toBe(-1);
  });

  it("counts what matching frames cover once", () => {
    expect(covered(layout, (fn) => fn === 1)).toBe(70);
    expect(covered(layout, (fn) => fn === 1 || fn === 2)).toBe(70);
    expect(covered(layout, () => false)).toBe(0);
  });

  it("moves to neighbours and stays at the edges", () => {
    expect(neighbour(layout, 0, "down")).toBe(1);
    expect(neighbour(layout, 1, "down")).toBe(2);
    expect(neighbour(layout, 2, "right")).toBe(4);
    expect(neighbour(layout, 4, "right")).toBe(4);
    expect(neighbour(layout, 4, "left")).toBe(2);
    expect(neighbour(layout, 2, "left")).toBe(2);
    expect(neighbour(layout, 4, "up")).toBe(1);
    expect(neighbour(layout, 0, "up")).toBe(0);
    expect(neighbour(layout, 3, "down")).toBe(3);
  });

  it("lays out nothing and a great deal", () => {
    expect(layoutFlame({ frames: [], total: 0 }).count).toBe(1);
    const deep = Array.from(
      { length: 40_000 },
      (_, i) => [i - 1, i, 0, 5] as [number, number, number, number],
    );
    expect(layoutFlame({ frames: deep, total: 5 }).maxDepth).toBe(40_000);
  });

  it("gives a package the same hue always", () => {
    expect(hueOf("runtime")).toBe(hueOf("runtime"));
    expect(hueOf("")).toBe(262);
  });
});
