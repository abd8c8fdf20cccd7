// How a change alters what was read: pure, so that the same function serves the
// live stream and the changes that arrived while a read was under way.
import type { Snapshot } from "./client";
import type { List } from "./extra";
import type { Change, Execution, ExecutionSummary } from "./types";

export type Patch<T> = (data: T, change: Change) => T;

/** Applies the changes that the snapshot does not yet know. */
export function apply<T extends { seq: number }>(data: T, changes: Change[], patch: Patch<T>): T {
  let result = data;
  for (const change of changes) {
    if (change.seq > result.seq) result = { ...patch(result, change), seq: change.seq };
  }
  return result;
}

/** Inserts by id, newest first, or replaces. Ids sort by time. */
export function upsert<T extends { id: string }>(items: T[], item: T): T[] {
  const at = items.findIndex((other) => other.id <= item.id);
  if (at < 0) return [...items, item];
  if (items[at]?.id === item.id) return items.with(at, { ...items[at], ...item });
  return items.toSpliced(at, 0, item);
}

export interface Page<T> extends List<T> {
  seq: number;
}

/**
 * Puts an item into the page of a list that it belongs to. One that is not there
 * yet comes in only when the filter admits it and the pages reach so far back.
 * The page keeps its own seq: new rows may be held back for a while, so changes
 * do not all arrive in order.
 */
export function placeInPages<T extends { id: string }>(
  pages: Page<T>[],
  item: T,
  seq: number,
  admits: (item: T) => boolean,
): Page<T>[] {
  const index = pages.findIndex((page, i) => belongs(page, item.id, i === pages.length - 1));
  const page = pages[index];
  if (!page || seq <= page.seq) return pages;
  const items = page.items ?? [];
  if (!items.some((other) => other.id === item.id) && !admits(item)) return pages;
  return pages.with(index, { ...page, items: upsert(items, item) });
}

function belongs<T extends { id: string }>(page: Page<T>, id: string, isLast: boolean) {
  const oldest = page.items?.at(-1)?.id;
  return (oldest !== undefined && id >= oldest) || (isLast && !page.next);
}

/** A summary alters what the lists show; the rest of the page is read again. */
export function patchExecution(data: Snapshot<Execution>, change: Change): Snapshot<Execution> {
  if (change.kind === "execution.updated" && change.execution?.id === data.id) {
    return { ...data, ...change.execution };
  }
  if (change.kind === "log.appended" && change.log?.execution === data.id) {
    return { ...data, log_lines: Math.max(data.log_lines, change.log.lines) };
  }
  if (change.kind === "artifact.created" && change.artifact?.execution === data.id) {
    return { ...data, artifacts: upsert(data.artifacts ?? [], change.artifact) };
  }
  return data;
}

/** Keeps the executions of a list up to date without adding any. */
export function refresh(items: ExecutionSummary[], change: Change): ExecutionSummary[] {
  const next = change.execution;
  if (!next || !items.some((e) => e.id === next.id)) return items;
  return items.map((e) => (e.id === next.id ? next : e));
}
