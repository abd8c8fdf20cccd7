import { describe, expect, it } from "vitest";
import type { Attempt, Execution } from "../api/types";
import { extent, timeline } from "./timeline";

const at = (ms: number) => new Date(Date.parse("2026-01-01T00:00:00Z") + ms).toISOString();
const usage = { fuel: 0, memory: 0, host_calls: 0, host_bytes: 0, guest_time: 0, host_time: 0 };

function execution(over: Partial<Execution>): Execution {
  return {
    id: "a",
    action: "core.echo",
    status: "succeeded",
    attempts: 1,
    created_at: at(10),
    parameters: null,
    log_lines: 0,
    attempt_list: [],
    artifacts: [],
    max_attempts: 1,
    max_lost: 3,
    ...over,
  };
}

const attempt = (
  number: number,
  from: number,
  to: number | undefined,
  over: Partial<Attempt> = {},
): Attempt => ({
  number,
  status: to === undefined ? "running" : "succeeded",
  started_at: at(from),
  finished_at: to === undefined ? undefined : at(to),
  usage,
  ...over,
});

describe("timeline", () => {
  it("tells the way from the event to the host call", () => {
    const call = {
      name: "kube_exec",
      started_at: at(30),
      duration: 20e6,
      request_bytes: 1,
      reply_bytes: 1,
      error: "denied",
    };
    const e = execution({ rule: "p.r", attempt_list: [attempt(1, 20, 60, { host_calls: [call] })] });
    const spans = timeline(e, at(0), Date.parse(at(100)));
    expect(spans.map((s) => s.label)).toEqual([
      "Event received",
      "Rule matched",
      "Waiting to start",
      "Attempt 1",
      "kube_exec",
    ]);
    expect(spans.at(-1)).toMatchObject({ status: "failed", problem: "denied", depth: 1 });
    expect(extent(spans)).toEqual({ from: Date.parse(at(0)), length: 60 });
  });

  it("shows the pause between attempts and lets the last one run until now", () => {
    const e = execution({
      status: "running",
      attempt_list: [attempt(1, 10, 20, { status: "failed" }), attempt(2, 50, undefined)],
    });
    const spans = timeline(e, undefined, Date.parse(at(90)));
    expect(spans.map((s) => s.key)).toEqual(["created", "attempt-1", "wait-2", "attempt-2"]);
    expect(spans.at(-1)?.to).toBe(Date.parse(at(90)));
  });

  it("waits while pending, and has a length even with nothing in it", () => {
    const spans = timeline(execution({ status: "pending" }), undefined, Date.parse(at(10)));
    expect(spans.map((s) => s.kind)).toEqual(["mark"]);
    expect(extent(spans).length).toBeGreaterThan(0);
  });
});
