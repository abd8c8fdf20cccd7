import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { read, type Snapshot } from "../../api/client";
import { patchExecution } from "../../api/patch";
import { useLive, useLiveQuery } from "../../api/queries";
import type { Change, Event, Execution } from "../../api/types";
import { useTitle } from "../../lib/hooks";
import { StatusBadge, statusLook } from "../../ui/badge";
import { CopyIcon } from "../../ui/copy";
import { JsonView } from "../../ui/json";
import { DetailHeader, Panel } from "../../ui/page";
import { Loaded } from "../../ui/states";
import { Ago, Took } from "../../ui/time";
import { Actions } from "./actions";
import { Artifacts } from "./facts";
import { Log } from "./log";
import { Timeline } from "./timeline";
import { Why } from "./why";

// What few look at first loads by itself.
const Lineage = lazy(() => import("./lineage"));
const Sandbox = lazy(() => import("./sandbox"));
const Tape = lazy(() => import("./tape"));

const route = getRouteApi("/shell/executions/$id");

export default function ExecutionPage() {
  const { id } = route.useParams();
  const queries = useQueryClient();
  const key = ["execution", id];
  const execution = useLiveQuery<Execution>(key, `/executions/${id}`, patchExecution);
  // Attempts, message and output are not in the stream: read them when they changed.
  useLive((batch) => {
    if (batch.some((change) => isAbout(change, id))) void queries.invalidateQueries({ queryKey: key });
  });
  return <Loaded query={execution}>{(data) => <Story key={data.id} execution={data} />}</Loaded>;
}

const isAbout = (change: Change, id: string) =>
  change.execution?.id === id || change.artifact?.execution === id;

function Story({ execution: e }: { execution: Snapshot<Execution> }) {
  const event = useQuery({
    queryKey: ["event", e.event],
    queryFn: ({ signal }) => read<Event>(`/events/${e.event}`, signal),
    enabled: !!e.event,
  });
  useTitle(statusLook(e.status).word, e.action);
  const last = e.attempt_list?.at(-1);
  return (
    <>
      <DetailHeader
        parent={{ to: "/executions", label: "Executions" }}
        crumb={<Crumb id={e.id} />}
        title={e.action}
        badge={<StatusBadge status={e.status} />}
        note={<Note execution={e} />}
        actions={<Actions execution={e} />}
      />
      <section
        data-scroll-restoration-id={e.id}
        tabIndex={0}
        aria-label="Execution"
        className="inset-focus min-h-0 flex-1 overflow-auto"
      >
        <div className="grid gap-4 p-4 xl:grid-cols-[minmax(0,1fr)_320px] xl:grid-rows-[auto_1fr]">
          <div className="flex min-w-0 flex-col gap-4">
            <Why execution={e} />
            <Timeline execution={e} receivedAt={event.data?.received_at} />
            <Log execution={e} />
          </div>
          <aside aria-label="Facts" className="flex min-w-0 flex-col gap-5 xl:row-span-2">
            <Artifacts items={e.artifacts ?? []} />
            <Suspense>
              <Lineage execution={e} event={event.data} />
              <Sandbox attempt={last} />
            </Suspense>
          </aside>
          <div className="grid min-w-0 content-start gap-4 lg:grid-cols-2">
            <Panel title="Input">
              <JsonView value={e.parameters ?? {}} label="Input" />
            </Panel>
            <Panel title="Output">
              {e.output === undefined || e.output === null ? (
                <p className="p-3 text-sm text-muted">
                  {e.finished_at ? "There is no output." : "Not yet there."}
                </p>
              ) : (
                <JsonView value={e.output} label="Output" />
              )}
            </Panel>
            {last?.finished_at && (
              <Suspense>
                <Tape execution={e.id} attempt={last.number} />
              </Suspense>
            )}
          </div>
        </div>
      </section>
    </>
  );
}

function Crumb({ id }: { id: string }) {
  return (
    <>
      <span className="truncate font-mono">{id}</span>
      <CopyIcon text={id} label="Copy id" />
    </>
  );
}

function Note({ execution: e }: { execution: Execution }) {
  return (
    <>
      {e.dry_run && <b>Dry run ·</b>}
      {e.summary && <span className="max-w-full truncate">{e.summary} ·</span>}
      {e.started_at && (
        <span>
          <Took from={e.started_at} to={e.finished_at} /> ·
        </span>
      )}
      <Ago at={e.created_at} />
    </>
  );
}
