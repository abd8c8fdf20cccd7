import { describe, expect, it } from "vitest";
import { parseEdit } from "./edit";

const before = { pod: "a", labels: { x: [1, 2], y: null }, token: "********" };

describe("parseEdit", () => {
  it.each([
    [{}, {}, ["pod", "labels", "token"]],
    [before, {}, []],
    [{ ...before, pod: "b" }, { pod: "b" }, []],
    [{ ...before, labels: { y: null, x: [1, 2] } }, {}, []],
    [{ ...before, labels: { x: [2, 1], y: null } }, { labels: { x: [2, 1], y: null } }, []],
    [{ labels: { x: [1, 2] } }, { labels: { x: [1, 2] } }, ["pod", "token"]],
    [{ ...before, extra: null }, { extra: null }, []],
  ])("sends of %j only %j and removes %j", (edited, changed, removed) => {
    expect(parseEdit(JSON.stringify(edited), before)).toEqual({ changed, removed });
  });

  it.each(["", "{", "[]", "null", "3"])("refuses %j and says why", (text) => {
    const { error, changed } = parseEdit(text, before);
    expect(error).toBeTruthy();
    expect(changed).toBeUndefined();
  });
});
