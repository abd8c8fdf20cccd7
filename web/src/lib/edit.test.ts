import { describe, expect, it } from "vitest";
import { parseEdit } from "./edit";

const before = { pod: "a", labels: { x: [1, 2], y: null }, token: "********" };

describe("parseEdit", () => {
  it.each([
    [{}, {}],
    [before, {}],
    [{ ...before, pod: "b" }, { pod: "b" }],
    [{ labels: { y: null, x: [1, 2] } }, {}],
    [{ labels: { x: [2, 1], y: null } }, { labels: { x: [2, 1], y: null } }],
    [{ labels: { x: [1, 2] } }, { labels: { x: [1, 2] } }],
    [{ extra: null }, { extra: null }],
  ])("sends of %j only %j", (edited, want) => {
    expect(parseEdit(JSON.stringify(edited), before)).toEqual({ changed: want });
  });

  it.each(["", "{", "[]", "null", "3"])("refuses %j and says why", (text) => {
    const { error, changed } = parseEdit(text, before);
    expect(error).toBeTruthy();
    expect(changed).toBeUndefined();
  });
});
