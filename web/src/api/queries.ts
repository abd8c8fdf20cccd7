import {
  type InfiniteData,
  keepPreviousData,
  type QueryKey,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useEffect, useEffectEvent, useSyncExternalStore } from "react";
import { read, type Snapshot } from "./client";
import type { List } from "./extra";
import { browserHost, Live } from "./live";
import { apply, type Page, type Patch, placeInPages } from "./patch";
import type { Change } from "./types";

export const live = new Live(browserHost());

/** Calls fn with every batch of changes while the component is shown. */
export function useLive(fn: (batch: Change[]) => void) {
  const latest = useEffectEvent(fn);
  useEffect(() => live.subscribe((batch) => latest(batch)), []);
}

export function useLiveState() {
  return useSyncExternalStore(live.onState, () => live.state);
}

/** Reads a snapshot and brings it up to the present of the live stream. */
async function readCurrent<T extends object>(path: string, patch: Patch<Snapshot<T>>, signal?: AbortSignal) {
  let data = await read<T>(path, signal);
  live.start(data.seq);
  let missed = live.since(data.seq);
  if (!missed) {
    data = await read<T>(path, signal);
    missed = live.since(data.seq) ?? [];
  }
  return apply(data, missed, patch);
}

/** One thing that stays current by itself. */
export function useLiveQuery<T extends object>(
  key: QueryKey,
  path: string,
  patch: Patch<Snapshot<T>> = (data) => data,
  enabled = true,
) {
  const client = useQueryClient();
  useLive((batch) => {
    client.setQueryData<Snapshot<T>>(key, (old) => old && apply(old, batch, patch));
  });
  return useQuery({ queryKey: key, queryFn: ({ signal }) => readCurrent<T>(path, patch, signal), enabled });
}

interface LiveList<T> {
  key: QueryKey;
  /** The address of a page; after is the last id of the page before. */
  path: (after: string) => string;
  /** Which item a change speaks of, if any. */
  pick: (change: Change) => T | undefined;
  /** Whether the list's filter lets a new item in. */
  admits: (item: T) => boolean;
}

/**
 * A list that pages backwards and grows live at its head. The changes are handed
 * to place, because new rows must not push the others about under a pointer.
 */
export function useLiveList<T extends { id: string }, P extends List<T> = List<T>>(list: LiveList<T>) {
  const client = useQueryClient();
  const query = useInfiniteQuery({
    queryKey: list.key,
    queryFn: async ({ pageParam, signal }) => {
      const page = await read<P>(list.path(pageParam), signal);
      live.start(page.seq);
      const missed = live.since(page.seq) ?? [];
      return placeAll([page], missed, list.pick, pageParam === "" ? list.admits : never)[0] ?? page;
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
    placeholderData: keepPreviousData,
  });
  const place = (changes: Change[], insert: boolean) => {
    client.setQueryData<InfiniteData<Snapshot<P>, string>>(list.key, (old) => {
      if (!old) return old;
      const pages = placeAll(old.pages, changes, list.pick, insert ? list.admits : never);
      return pages === old.pages ? old : { ...old, pages };
    });
  };
  return { ...query, place, items: query.data?.pages.flatMap((p) => p.items ?? []) ?? [] };
}

const never = () => false;

function placeAll<T extends { id: string }, P extends List<T>>(
  pages: Snapshot<P>[],
  changes: Change[],
  pick: (change: Change) => T | undefined,
  admits: (item: T) => boolean,
): Snapshot<P>[] {
  let result: Page<T>[] = pages;
  for (const change of changes) {
    const item = pick(change);
    if (item) result = placeInPages(result, item, change.seq, admits);
  }
  return result as Snapshot<P>[];
}
