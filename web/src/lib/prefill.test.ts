import { describe, expect, it } from "vitest";
import { inOrder, prefill } from "./prefill";

describe("prefill", () => {
  it("holds what has a default or must be given, and nothing else", () => {
    const parameters = {
      pod: { type: "string", required: true, position: 0 },
      seconds: { type: "number", default: 1 },
      quiet: { type: "boolean", default: false },
      note: { type: "string" },
      fixed: { type: "string", default: "x", immutable: true },
    };
    expect(prefill(parameters)).toEqual({ pod: "", seconds: 1, quiet: false });
  });

  it.each([
    ["string", ""],
    ["number", 0],
    ["integer", 0],
    ["boolean", false],
    ["array", []],
    ["object", {}],
    [undefined, ""],
  ])("begins a required %s with %j", (type, want) => {
    expect(prefill({ p: { type, required: true } })).toEqual({ p: want });
  });

  it("begins a required choice with its first word", () => {
    expect(prefill({ p: { type: "string", required: true, enum: ["heap", "cpu"] } })).toEqual({ p: "heap" });
  });
});

describe("inOrder", () => {
  it("sorts by position, then by name", () => {
    const parameters = { b: {}, a: {}, second: { position: 1 }, first: { position: 0 } };
    expect(inOrder(parameters).map(([name]) => name)).toEqual(["first", "second", "a", "b"]);
  });
});
