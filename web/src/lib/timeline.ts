// The story of an execution as spans of time, oldest first.
import type { Attempt, AttemptStatus, Execution } from "../api/types";
import { instant } from "./format";

export interface Span {
  key: string;
  depth: number;
  label: string;
  detail?: string;
  /** Milliseconds since 1970; a mark has no length. */
  from: number;
  to: number;
  kind: "mark" | "wait" | "attempt" | "call";
  status?: AttemptStatus;
  /** Why it did not go well. */
  problem?: string;
}

/** Lays out what is known; what still runs ends now. */
export function timeline(e: Execution, receivedAt: string | undefined, now: number): Span[] {
  const created = instant(e.created_at);
  const spans: Span[] = [];
  if (receivedAt) spans.push(mark("event", "Event received", instant(receivedAt)));
  spans.push(mark("created", e.rule ? "Rule matched" : "Asked for", created, e.rule || e.started_by));
  const attempts = e.attempt_list ?? [];
  let idleSince = created;
  for (const attempt of attempts) {
    spans.push(waiting(attempt.number, idleSince, instant(attempt.started_at)));
    spans.push(tried(attempt, now), ...calls(attempt));
    idleSince = attempt.finished_at ? instant(attempt.finished_at) : now;
  }
  if (/pending|delayed|paused/.test(e.status)) spans.push(waiting(attempts.length + 1, idleSince, now));
  return spans.filter((s) => s.kind !== "wait" || s.to - s.from >= 0.01);
}

function mark(key: string, label: string, at: number, detail?: string): Span {
  return { key, depth: 0, label, detail, from: at, to: at, kind: "mark" };
}

function waiting(attempt: number, from: number, to: number): Span {
  const label = attempt === 1 ? "Waiting to start" : "Waiting to try again";
  return { key: `wait-${attempt}`, depth: 0, label, from, to: Math.max(from, to), kind: "wait" };
}

function tried(a: Attempt, now: number): Span {
  return {
    key: `attempt-${a.number}`,
    depth: 0,
    label: `Attempt ${a.number}`,
    from: instant(a.started_at),
    to: a.finished_at ? instant(a.finished_at) : now,
    kind: "attempt",
    status: a.status,
    problem: a.message,
  };
}

function calls(a: Attempt): Span[] {
  return (a.host_calls ?? []).map((call, i) => {
    const from = instant(call.started_at);
    return {
      key: `call-${a.number}-${i}`,
      depth: 1,
      label: call.name,
      detail: call.detail,
      from,
      to: from + call.duration / 1e6,
      kind: "call" as const,
      status: call.error ? ("failed" as const) : ("succeeded" as const),
      problem: call.error && (call.message || call.error),
    };
  });
}

/** The whole stretch; never empty, so that it can be divided by. */
export function extent(spans: Span[]): { from: number; length: number } {
  const from = Math.min(...spans.map((s) => s.from));
  const to = Math.max(...spans.map((s) => s.to));
  return { from, length: Math.max(to - from, 0.001) };
}
