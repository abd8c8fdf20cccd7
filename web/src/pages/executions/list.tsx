import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { ApiError, query, read } from "../../api/client";
import { useLive, useLiveList } from "../../api/queries";
import type { Change, ExecutionList, ExecutionSummary } from "../../api/types";
import { admits, type Filter } from "../../lib/filter";
import { plural } from "../../lib/format";
import { useTitle } from "../../lib/hooks";
import { useKeys } from "../../lib/keys";
import { Kbd } from "../../ui/badge";
import { Button } from "../../ui/button";
import { ListHeader } from "../../ui/page";
import { Rows } from "../../ui/rows";
import { Empty, ErrorState, Loading } from "../../ui/states";
import { FilterBar } from "./filterbar";
import { FirstRun } from "./firstrun";
import { ExecutionCells, executionColumns, executionHead } from "./row";

const RunDialog = lazy(() => import("./run"));
const route = getRouteApi("/shell/executions");

export default function Executions() {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const list = useExecutions(filter);
  const counts = useCounts(filter);
  useTitle("Executions");
  const [isRunning, setRunning] = useState(false);
  useKeys({ ".": list.show, n: () => setRunning(true) });
  const total = Object.values(counts ?? {}).reduce((sum, n) => sum + n, 0);
  const misunderstood = list.error instanceof ApiError && list.error.problem.code === "bad_filter";
  const isFiltered = Object.values(filter).some(Boolean);
  return (
    <>
      <ListHeader title="Executions" note={counts && plural(total, "execution")}>
        <Button icon={Play} onClick={() => setRunning(true)}>
          Run action <Kbd>N</Kbd>
        </Button>
      </ListHeader>
      {isRunning && (
        <Suspense>
          <RunDialog onClose={() => setRunning(false)} />
        </Suspense>
      )}
      <FilterBar
        filter={filter}
        counts={counts}
        error={list.error}
        onChange={(next) => void navigate({ search: next })}
      />
      <FreshPill count={list.held} onShow={list.show} />
      {list.items.length > 0 ? (
        <Rows
          label="Executions"
          items={list.items}
          columns={executionColumns}
          head={executionHead}
          cells={ExecutionCells}
          onEnd={list.more}
          onCalm={list.setCalm}
        />
      ) : list.error && !misunderstood ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : list.isPending ? (
        <Loading label="Loading executions" />
      ) : isFiltered ? (
        <Empty title={misunderstood ? "The filter was not understood" : "No executions match the filter"}>
          <button
            type="button"
            className="text-accent underline"
            onClick={() => void navigate({ search: {} })}
          >
            Clear the filter
          </button>
        </Empty>
      ) : (
        <FirstRun />
      )}
    </>
  );
}

/** New rows wait while a pointer is over the list or it is scrolled down. */
function useExecutions(filter: Filter) {
  const passes = (e: ExecutionSummary) => admits(filter, e);
  const list = useLiveList<ExecutionSummary, ExecutionList>({
    key: ["executions", filter],
    path: (after) => `/executions${query({ ...filter, limit: 200, after })}`,
    pick: (change) => change.execution,
    admits: passes,
  });
  const calm = useRef(true);
  const held = useRef<Change[]>([]);
  const [waiting, setWaiting] = useState(0);
  const { place } = list;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another filter, another list
  useEffect(() => {
    held.current = [];
    setWaiting(0);
  }, [JSON.stringify(filter)]);
  const show = () => {
    place(held.current, true);
    held.current = [];
    setWaiting(0);
  };
  const again = useAfterChanges(() => void list.refetch());
  useLive((batch) => {
    if (filter.q) {
      place(batch, false);
      if (calm.current && batch.some((c) => c.execution)) again();
      return;
    }
    if (calm.current) return place(batch, true);
    const known = new Set(list.items.map((e) => e.id));
    place(batch, false);
    held.current.push(...batch.filter((c) => c.execution && !known.has(c.execution.id)));
    setWaiting(countNew(held.current, passes));
  });
  const setCalm = (now: boolean) => {
    calm.current = now;
    if (now && held.current.length) show();
  };
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return { ...list, more, show, setCalm, held: waiting, retry: () => void list.refetch() };
}

function countNew(changes: Change[], passes: (e: ExecutionSummary) => boolean) {
  const latest = new Map(
    changes.flatMap((c) => (c.execution ? [[c.execution.id, c.execution] as const] : [])),
  );
  return [...latest.values()].filter(passes).length;
}

/** Calls fn two seconds after it was asked to, however often. */
function useAfterChanges(fn: () => void) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(fn);
  latest.current = fn;
  useEffect(() => () => clearTimeout(timer.current), []);
  return () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      latest.current();
    }, 2000);
  };
}

/** The counts of all states under the rest of the filter; read again at most every two seconds. */
function useCounts({ status: _, ...rest }: Filter) {
  const queries = useQueryClient();
  const key = ["executions-counts", rest];
  const again = useAfterChanges(() => void queries.invalidateQueries({ queryKey: key }));
  useLive((batch) => {
    if (batch.some((c) => c.execution)) again();
  });
  const result = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => read<ExecutionList>(`/executions${query({ ...rest, limit: 1 })}`, signal),
    placeholderData: (old) => old,
  });
  return result.data?.counts;
}

/** It lies over the head: under the pointer it would end the calm that it tells of. */
function FreshPill({ count, onShow }: { count: number; onShow: () => void }) {
  return (
    <div className="relative z-20 h-0" aria-live="polite">
      {count > 0 && (
        <div className="pointer-events-none absolute inset-x-0 top-0.5 flex justify-center">
          <button
            type="button"
            onClick={onShow}
            className="pointer-events-auto tnum flex h-7 items-center gap-2 rounded-full bg-accent px-3 text-xs font-medium text-accent-fg shadow-lg"
          >
            {count} new · show <Kbd>.</Kbd>
          </button>
        </div>
      )}
    </div>
  );
}
