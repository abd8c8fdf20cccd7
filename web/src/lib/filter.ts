// The filter of the executions list: what stands in the URL, what is typed into
// the box, and whether a new execution passes.
import type { ExecutionSummary, Status } from "../api/types";

export const statuses: Status[] = [
  "pending",
  "delayed",
  "paused",
  "running",
  "waiting",
  "succeeded",
  "failed",
  "timed_out",
  "canceled",
];

export interface Filter {
  status?: string;
  action?: string;
  rule?: string;
  event?: string;
  parent?: string;
  started_from?: string;
  trace_id?: string;
  since?: string;
  q?: string;
}

const keys = ["status", "action", "rule", "event", "parent", "started_from", "trace_id", "since"] as const;
type Key = (typeof keys)[number];

/** Takes from the URL what is known, and only as text. */
export function validateFilter(search: Record<string, unknown>): Filter {
  const filter: Filter = {};
  for (const key of [...keys, "q"] as const) {
    const value = search[key];
    if (typeof value === "string" && value !== "") filter[key] = value;
  }
  return filter;
}

/**
 * Takes the simplest conditions out of what is typed, for they have buttons and chips
 * of their own. The rest is the server's: it knows the whole language.
 */
export function parseFilter(text: string): Filter {
  const filter: Filter = {};
  const rest: string[] = [];
  for (const term of text.match(/(?:"(?:\\.|[^"\\])*"?|[^\s"])+/g) ?? []) {
    const [, key, value] = /^(\w+):(.+)$/.exec(term) ?? [];
    if (key && value && isSimple(key, value) && !filter[key as Key]) filter[key as Key] = value;
    else rest.push(term);
  }
  if (rest.length) filter.q = rest.join(" ");
  return filter;
}

function isSimple(key: string, value: string) {
  if (key === "status") return value.split(",").every((s) => (statuses as string[]).includes(s));
  if (key === "since") return /^(\d+[hms])+$|^\d{4}-[\dT:.Z+-]+:\d\d/.test(value);
  if (key === "rule") return /^[\w.]+$/.test(value);
  return (keys as readonly string[]).includes(key) && /^[\w.*]+$/.test(value);
}

/** The conditions of a filter but for status, which has its own buttons, and text. */
export function conditions(filter: Filter): [Key, string][] {
  return keys.filter((k) => k !== "status" && filter[k]).map((k) => [k, filter[k] as string]);
}

export const statusList = (filter: Filter) => (filter.status ? (filter.status.split(",") as Status[]) : []);

export function toggleStatus(filter: Filter, status: Status): Filter {
  const now = statusList(filter);
  const next = now.includes(status) ? now.filter((s) => s !== status) : [...now, status];
  return { ...filter, status: next.length ? next.join(",") : undefined };
}

/**
 * Whether an execution belongs in the filtered list, as far as a summary tells. What
 * is typed only the server understands.
 */
export function admits(filter: Filter, e: ExecutionSummary): boolean {
  const wanted = statusList(filter);
  return (
    (wanted.length === 0 || wanted.includes(e.status)) &&
    (!filter.action || matchPattern(filter.action, e.action)) &&
    (!filter.rule || filter.rule === e.rule) &&
    (!filter.event || filter.event === e.event) &&
    (!filter.parent || filter.parent === e.parent) &&
    (!filter.started_from || filter.started_from === e.started_from) &&
    (!filter.trace_id || filter.trace_id === e.trace_id) &&
    !filter.q
  );
}

function matchPattern(pattern: string, text: string) {
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${escaped}$`).test(text);
}
