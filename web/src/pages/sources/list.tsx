import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { AlarmClock } from "lucide-react";
import { read } from "../../api/client";
import type { ListSourceStatus, SourceStatus } from "../../api/types";
import { plural } from "../../lib/format";
import { useTitle } from "../../lib/hooks";
import { ListHeader, linkClass } from "../../ui/page";
import { SearchBox } from "../../ui/search";
import { Empty, Loaded } from "../../ui/states";
import { Ago, At } from "../../ui/time";
import { StateBadge } from "./state";

const route = getRouteApi("/shell/sources");

export default function Sources() {
  const { q = "" } = route.useSearch();
  const navigate = route.useNavigate();
  useTitle("Sources");
  const sources = useQuery({
    queryKey: ["sources"],
    queryFn: ({ signal }) => read<ListSourceStatus>("/sources", signal),
    refetchInterval: 5000,
  });
  const items = (sources.data?.items ?? []).filter((s) =>
    `${s.kind} ${s.description ?? ""} ${s.trigger} ${s.state} ${s.rules.join(" ")}`
      .toLowerCase()
      .includes(q.toLowerCase()),
  );
  return (
    <>
      <ListHeader title="Sources" note={sources.data && plural(items.length, "source")} />
      <div className="flex shrink-0 border-b border-line bg-surface px-4 py-1.5">
        <SearchBox
          label="Filter sources"
          placeholder="kind, trigger, state or rule"
          value={q}
          onChange={(text) => void navigate({ search: { q: text || undefined } })}
        />
      </div>
      <Loaded query={sources}>
        {() =>
          items.length > 0 ? (
            <Cards items={items} />
          ) : (
            <Empty
              icon={AlarmClock}
              title={q ? "No sources match the filter" : "Nothing raises events by itself"}
            >
              {!q && "Timers, sensors and watches appear here as soon as an enabled rule wants one."}
            </Empty>
          )
        }
      </Loaded>
    </>
  );
}

function Cards({ items }: { items: SourceStatus[] }) {
  return (
    <section
      data-scroll-restoration-id="sources"
      tabIndex={0}
      aria-label="Sources"
      className="inset-focus min-h-0 flex-1 overflow-auto p-4"
    >
      <ul className="mx-auto flex max-w-5xl flex-col gap-3">
        {items.map((source) => (
          <Card key={`${source.kind} ${source.id}`} source={source} />
        ))}
      </ul>
    </section>
  );
}

function Card({ source }: { source: SourceStatus }) {
  return (
    <li className="rounded-lg border border-line bg-surface">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5">
        <StateBadge state={source.state} />
        <h2 className="min-w-0 break-words font-semibold">
          {source.kind === "sensor" ? (
            <Link to="/sensors/$ref" params={{ ref: source.id }} className={linkClass}>
              {source.description}
            </Link>
          ) : (
            source.description || source.trigger
          )}
        </h2>
        <span className="text-sm text-muted">{source.kind}</span>
        <span className="break-all font-mono text-xs text-subtle">{source.trigger}</span>
      </div>
      {source.error && <Failure source={source} />}
      {source.state === "idle" && source.hint && (
        <p className="break-words border-t border-line px-4 py-2 text-sm text-muted">{source.hint}</p>
      )}
      <div className="flex flex-wrap gap-x-6 gap-y-1 border-t border-line px-4 py-2 text-sm text-muted">
        <span>
          Rules:{" "}
          {source.rules.map((ref) => (
            <Link key={ref} to="/rules/$ref" params={{ ref }} className={`${linkClass} mr-2 break-all`}>
              {ref}
            </Link>
          ))}
        </span>
        <span className="tnum">{plural(source.events, "event")} since the start</span>
        {source.last_event && (
          <span>
            Last:{" "}
            <Link to="/events/$id" params={{ id: source.last_event }} className={linkClass}>
              {source.last_run ? <Ago at={source.last_run} /> : source.last_event}
            </Link>
          </span>
        )}
      </div>
      {source.next && source.next.length > 0 && (
        <div className="flex flex-wrap gap-x-4 border-t border-line px-4 py-2 text-sm text-muted">
          {source.state === "failing" ? "Tries again: " : "Next: "}
          {source.next.map((at) => (
            <At key={at} at={at} />
          ))}
        </div>
      )}
    </li>
  );
}

function Failure({ source }: { source: SourceStatus }) {
  return (
    <div role="alert" className="bg-bad-subtle px-4 py-2 text-sm">
      <p className="break-words text-bad">
        {source.error}
        {source.failures > 1 && ` (${source.failures} times in a row)`}
      </p>
      {source.hint && <p className="break-words text-muted">{source.hint}</p>}
    </div>
  );
}
