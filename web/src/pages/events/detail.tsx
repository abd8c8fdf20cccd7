import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { History } from "lucide-react";
import { read } from "../../api/client";
import { refresh } from "../../api/patch";
import { useLive, useLiveQuery } from "../../api/queries";
import type { Event, EventMisses, ExecutionSummary, Verdict } from "../../api/types";
import { bytes, plural } from "../../lib/format";
import { useTitle } from "../../lib/hooks";
import { StatusBadge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { CopyButton, CopyIcon } from "../../ui/copy";
import { JsonView } from "../../ui/json";
import { DetailHeader, Fact, Facts, linkClass, Panel } from "../../ui/page";
import { ErrorNote, Loaded } from "../../ui/states";
import { At } from "../../ui/time";
import { VerdictCard, verdictKey } from "../../ui/verdict";
import { Release } from "../rules/release";
import { MatchBadge } from "./matchbadge";

const route = getRouteApi("/shell/events/$id");

export default function EventPage() {
  const { id } = route.useParams();
  const event = useLiveQuery<Event>(["event", id], `/events/${id}`, (data, change) => ({
    ...data,
    executions: refresh(data.executions ?? [], change),
  }));
  // A verdict that is let pass later starts an execution that is not listed yet.
  const queries = useQueryClient();
  const known = event.data?.executions ?? [];
  useLive((batch) => {
    const isNew = (x?: ExecutionSummary) => x?.event === id && !known.some((k) => k.id === x.id);
    if (batch.some((c) => isNew(c.execution))) void queries.invalidateQueries({ queryKey: ["event", id] });
  });
  return <Loaded query={event}>{(data) => <Story event={data} />}</Loaded>;
}

function Story({ event: e }: { event: Event }) {
  useTitle(e.summary || e.trigger, "Event");
  return (
    <>
      <DetailHeader
        parent={{ to: "/events", label: "Events" }}
        crumb={
          <>
            <span className="truncate font-mono">{e.id}</span>
            <CopyIcon text={e.id} label="Copy id" />
          </>
        }
        title={e.summary || e.trigger}
        badge={<MatchBadge event={e} />}
        note={<At at={e.received_at} />}
        actions={<CopyButton label="Copy payload" text={JSON.stringify(e.payload, null, 2) ?? ""} />}
      />
      <section
        data-scroll-restoration-id={e.id}
        tabIndex={0}
        aria-label="Event"
        className="inset-focus min-h-0 flex-1 overflow-auto"
      >
        <div className="grid gap-4 p-4 xl:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
          <div className="flex min-w-0 flex-col gap-4 self-start xl:sticky xl:top-4">
            <Rules event={e} />
            <Started items={e.executions ?? []} />
            <Panel title="Trigger">
              <div className="p-3">
                <Facts>
                  <Fact name="Type" mono>
                    <Link to="/events" search={{ trigger: e.trigger }} className={linkClass}>
                      {e.trigger}
                    </Link>
                  </Fact>
                  {Object.entries(e.parameters ?? {}).map(([key, value]) => (
                    <Fact key={key} name={key} mono>
                      {typeof value === "string" ? value : JSON.stringify(value)}
                    </Fact>
                  ))}
                  <Origin event={e} />
                </Facts>
              </div>
            </Panel>
          </div>
          <div className="flex min-w-0 flex-col gap-4">
            <Panel title="Payload" aside={bytes(e.payload_bytes)}>
              <JsonView value={e.payload} label="Payload" open={6} shut={["headers", "headers_lower"]} />
            </Panel>
          </div>
        </div>
      </section>
    </>
  );
}

/** What led to the event, and what is odd about it. */
function Origin({ event: e }: { event: Event }) {
  return (
    <>
      {e.trace && <Fact name="Trace">{e.trace}</Fact>}
      {e.cause && (
        <Fact name="About">
          <Link to="/executions/$id" params={{ id: e.cause }} className={linkClass}>
            execution {e.cause}
          </Link>
        </Fact>
      )}
      {!!e.depth && <Fact name="Chain">event {e.depth} of a chain</Fact>}
      {e.warning && (
        <Fact name="Warning">
          <span className="text-warn">{e.warning}</span>
        </Fact>
      )}
    </>
  );
}

const order: Record<string, number> = { matched: 0, suppressed: 1 };
const rank = (v: Verdict) => order[v.outcome] ?? 2;

/** Which rules looked, and why each did or did not match; the matches first. */
function Rules({ event: e }: { event: Event }) {
  const verdicts = (e.verdicts ?? []).toSorted(
    (a, b) => rank(a) - rank(b) || b.held / (b.total || 1) - a.held / (a.total || 1),
  );
  return (
    <Panel title="Rules that looked" aside={plural(new Set(verdicts.map((v) => v.rule)).size, "rule")}>
      {verdicts.length === 0 && <p className="p-3 text-sm text-muted">No rule listens to this trigger.</p>}
      <ul className="divide-y divide-line">
        {verdicts.map((verdict) => (
          <li key={verdictKey(verdict)}>
            <VerdictCard verdict={verdict} action={<Release verdict={verdict} />} />
          </li>
        ))}
      </ul>
      {new Set(verdicts.map((v) => v.rule)).size < e.looked && <Misses event={e} />}
    </Panel>
  );
}

/** Where very many rules look, misses are only counted: they are made anew when somebody asks. */
function Misses({ event: e }: { event: Event }) {
  const misses = useMutation({ mutationFn: () => read<EventMisses>(`/events/${e.id}/misses`) });
  return (
    <div className="flex flex-col items-start gap-2 border-t border-line p-3 text-sm text-muted">
      <p>{e.looked} rules looked. Of those that did not match, some left no verdict.</p>
      <Button icon={History} disabled={misses.isPending} onClick={() => misses.mutate()}>
        Ask them again
      </Button>
      <ErrorNote error={misses.error} />
      <div aria-live="polite" className="w-full">
        {misses.data && <Again misses={misses.data} />}
      </div>
    </div>
  );
}

function Again({ misses: m }: { misses: EventMisses }) {
  const nearest = m.verdicts ?? [];
  return (
    <>
      <p>
        As the rules are now: {m.total} without a verdict, the nearest {nearest.length}.
        {m.keys === "now" && " Keys were read as they are now."}
      </p>
      <ul className="divide-y divide-line">
        {nearest.map((verdict) => (
          <li key={verdictKey(verdict)}>
            <VerdictCard verdict={verdict} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Started({ items }: { items: ExecutionSummary[] }) {
  return (
    <Panel title="What it started" aside={plural(items.length, "execution")}>
      {items.length === 0 && <p className="p-3 text-sm text-muted">It started nothing.</p>}
      <ul className="divide-y divide-line">
        {items.map((e) => (
          <li key={e.id} className="flex min-h-10 items-center gap-3 px-3 py-1.5 text-sm">
            <StatusBadge status={e.status} />
            <Link to="/executions/$id" params={{ id: e.id }} className={`font-medium ${linkClass}`}>
              {e.action}
            </Link>
            <span className="truncate text-muted">{e.summary}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
