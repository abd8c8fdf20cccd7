import { describe, expect, it } from "vitest";
import type { ExecutionSummary } from "../api/types";
import { admits, conditions, parseFilter, toggleStatus, validateFilter } from "./filter";

const execution: ExecutionSummary = {
  id: "0198c2d4aabbccddeeff9f31",
  action: "labs_sre.exec_pod",
  status: "failed",
  summary: "heap of leaky-7d9",
  rule: "labs_sre.generate",
  attempts: 1,
  created_at: "2026-01-01T00:00:00Z",
};

describe("filter", () => {
  it("splits what is typed into conditions and text", () => {
    expect(parseFilter("action:labs_sre.* out of since:1h memory")).toEqual({
      action: "labs_sre.*",
      since: "1h",
      q: "out of memory",
    });
    expect(parseFilter("http://x colour:red")).toEqual({ q: "http://x colour:red" });
    expect(parseFilter("  ")).toEqual({});
    expect(parseFilter('status:failed -rule:x action:a,b "since:1h  x" rule:a.* since:7d')).toEqual({
      status: "failed",
      q: '-rule:x action:a,b "since:1h  x" rule:a.* since:7d',
    });
    expect(parseFilter("status:faild rule:a rule:b")).toEqual({ rule: "a", q: "status:faild rule:b" });
  });

  it("takes only known text from the URL", () => {
    expect(validateFilter({ status: "failed", q: "", page: "2", event: 12 })).toEqual({ status: "failed" });
  });

  it("adds and removes a status", () => {
    const one = toggleStatus({}, "failed");
    expect(one.status).toBe("failed");
    expect(toggleStatus(one, "timed_out").status).toBe("failed,timed_out");
    expect(toggleStatus(one, "failed").status).toBeUndefined();
  });

  it("lists conditions without status and text", () => {
    expect(conditions({ status: "failed", q: "x", rule: "a.b" })).toEqual([["rule", "a.b"]]);
  });

  it.each([
    [{}, true],
    [{ status: "failed,timed_out" }, true],
    [{ status: "running" }, false],
    [{ action: "labs_sre.*" }, true],
    [{ action: "labsXsre.exec_pod" }, false],
    [{ action: "*.exec_pod" }, true],
    [{ q: "leaky" }, false],
    [{ rule: "labs_sre.other" }, false],
    [{ started_from: "65f0c0de0000000000000009" }, false],
    [{ trace_id: "another-story" }, false],
  ])("admits %j: %s", (filter, want) => expect(admits(filter, execution)).toBe(want));
});
