import { getRouteApi, Link } from "@tanstack/react-router";
import { Radio } from "lucide-react";
import { useCallback } from "react";
import { query } from "../../api/client";
import { useLive, useLiveList } from "../../api/queries";
import type { Event } from "../../api/types";
import { bytes } from "../../lib/format";
import { useTitle } from "../../lib/hooks";
import { CommandLine } from "../../ui/copy";
import { ListHeader } from "../../ui/page";
import { Cell, Rows, rowLink } from "../../ui/rows";
import { Chip, Choice, periods, SearchBox } from "../../ui/search";
import { Empty, ErrorState, Loading } from "../../ui/states";
import { Ago } from "../../ui/time";
import { MatchBadge } from "./matchbadge";

const route = getRouteApi("/shell/events");
const matching: [string, string][] = [
  ["", "All events"],
  ["true", "Matched a rule"],
  ["false", "Matched none"],
];

interface Filter {
  trigger?: string;
  matched?: string;
  since?: string;
  q?: string;
}

export default function Events() {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const set = (change: Filter) => void navigate({ search: { ...filter, ...change } });
  const list = useEvents(filter);
  useTitle("Events");
  return (
    <>
      <ListHeader title="Events" note="everything that came in, matched or not" />
      <div
        role="search"
        className="flex shrink-0 flex-wrap items-center gap-2 border-b border-line bg-surface px-4 py-1.5"
      >
        <SearchBox
          label="Filter events"
          placeholder="id or text of the summary"
          value={filter.q ?? ""}
          onChange={(q) => set({ q: q || undefined })}
        >
          {filter.trigger && (
            <Chip name="trigger" value={filter.trigger} onRemove={() => set({ trigger: undefined })} />
          )}
        </SearchBox>
        <div className="flex gap-2 max-md:basis-full max-md:*:flex-1">
          <Choice
            label="Matching"
            value={filter.matched ?? ""}
            options={matching}
            onChange={(matched) => set({ matched: matched || undefined })}
          />
          <Choice
            label="Time range"
            value={filter.since ?? ""}
            options={periods}
            onChange={(since) => set({ since: since || undefined })}
          />
        </div>
      </div>
      {list.items.length > 0 ? (
        <Rows
          label="Events"
          items={list.items}
          columns="grid-cols-[128px_minmax(0,1fr)_minmax(0,220px)_76px_80px]"
          head={["Rules", "Summary", "Trigger", "Size", "Received"]}
          cells={EventCells}
          onEnd={list.more}
        />
      ) : list.error ? (
        <ErrorState error={list.error} retry={() => void list.refetch()} />
      ) : list.isPending ? (
        <Loading label="Loading events" />
      ) : (
        <NoEvents isFiltered={Object.values(filter).some(Boolean)} />
      )}
    </>
  );
}

function useEvents(filter: Filter) {
  const list = useLiveList<Event>({
    key: ["events", filter],
    path: (after) => `/events${query({ ...filter, limit: 200, after })}`,
    pick: (change) => change.event,
    admits: (e) => admits(filter, e),
  });
  useLive((batch) => list.place(batch, true));
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return { ...list, more };
}

function admits(filter: Filter, e: Event) {
  return (
    (!filter.trigger || filter.trigger === e.trigger) &&
    (!filter.matched || (filter.matched === "true") === e.matched > 0) &&
    (!filter.q || `${e.id} ${e.summary ?? ""}`.toLowerCase().includes(filter.q.toLowerCase()))
  );
}

function EventCells({ item }: { item: Event }) {
  return (
    <>
      <Cell className="flex max-md:order-2 max-md:ml-auto">
        <MatchBadge event={item} />
      </Cell>
      <Cell className="max-md:order-1 max-md:flex-1">
        <Link to="/events/$id" params={{ id: item.id }} className={rowLink}>
          {item.summary || item.id}
        </Link>
      </Cell>
      <span aria-hidden className="order-2 h-0 basis-full md:hidden" />
      <Cell className="text-muted max-md:order-3 max-md:mr-auto max-md:text-xs">{item.trigger}</Cell>
      <Cell className="tnum text-muted max-md:order-3 max-md:text-xs">{bytes(item.payload_bytes)}</Cell>
      <Cell className="text-muted max-md:order-3 max-md:text-xs">
        <Ago at={item.received_at} />
      </Cell>
    </>
  );
}

function NoEvents({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty title="No events match the filter" />;
  return (
    <Empty icon={Radio} title="No event has arrived yet">
      <p className="mb-2">Send one to see which rules would look at it:</p>
      <CommandLine text={`squall event send core.st2.webhook --data '{"body": {"message": "hello"}}'`} />
    </Empty>
  );
}
