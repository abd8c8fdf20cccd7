import { useEffect, useState } from "react";
import { query, read } from "./client";
import type { LogLine, LogPage } from "./types";

const pageSize = 1000;

/**
 * All lines of an execution's log. A log is bounded by the sandbox, so all of it
 * is fetched, page after page; wanted is how many lines there are by now.
 */
export function useLog(id: string, wanted: number) {
  const [lines, setLines] = useState<LogLine[]>([]);
  const [error, setError] = useState<Error>();
  const have = lines.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another execution, another log
  useEffect(() => setLines([]), [id]);
  useEffect(() => {
    if (have >= wanted) return;
    const stop = new AbortController();
    const path = `/executions/${id}/log${query({ from: have + 1, limit: pageSize })}`;
    read<LogPage>(path, stop.signal).then(
      (page) => {
        setError(undefined);
        if (page.items?.length) setLines((old) => join(old, page.items ?? []));
      },
      (failure) => stop.signal.aborted || setError(failure as Error),
    );
    return () => stop.abort();
  }, [id, have, wanted]);
  return { lines, error, isLoading: have < wanted && !error };
}

/** Adds only what follows on, whichever answer came first. */
export function join(lines: LogLine[], more: LogLine[]): LogLine[] {
  const last = lines.at(-1)?.number ?? 0;
  return [...lines, ...more.filter((line) => line.number > last)];
}
