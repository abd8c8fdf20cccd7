import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Pause, Play, RotateCcw, Zap } from "lucide-react";
import { post, read } from "../../api/client";
import type { SensorDetail } from "../../api/types";
import { plural } from "../../lib/format";
import { useTitle } from "../../lib/hooks";
import { Button } from "../../ui/button";
import { JsonView } from "../../ui/json";
import { DetailHeader, Fact, Facts, linkClass, Panel } from "../../ui/page";
import { ErrorNote, Loaded } from "../../ui/states";
import { Ago, At } from "../../ui/time";
import { StateBadge } from "./state";

const route = getRouteApi("/shell/sensors/$ref");

/** One sensor: how it is doing, how far it has come, what it wrote; and what can be told it. */
export default function SensorPage() {
  const { ref } = route.useParams();
  useTitle("Sensor", ref);
  const queries = useQueryClient();
  const path = `/sensors/${ref}`;
  const sensor = useQuery({
    queryKey: ["sensor", ref],
    queryFn: ({ signal }) => read<SensorDetail>(path, signal),
    refetchInterval: 3000,
  });
  const tell = useMutation({
    mutationFn: ({ what, body }: { what: string; body?: object }) =>
      post<SensorDetail>(`${path}/${what}`, body),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["sensor", ref] }),
  });
  const paused = sensor.data?.status.state === "paused";
  const enabled = sensor.data?.sensor.enabled;
  return (
    <>
      <DetailHeader
        parent={{ to: "/sources", label: "Sources" }}
        crumb={<span className="truncate">{ref}</span>}
        title={ref}
        badge={sensor.data && <StateBadge state={sensor.data.status.state} />}
        note={sensor.data?.sensor.description}
        actions={
          <>
            <Button
              icon={RotateCcw}
              disabled={tell.isPending}
              title="Forget how far it has come"
              onClick={() => tell.mutate({ what: "reset", body: {} })}
            >
              Begin anew
            </Button>
            {enabled && (
              <Button
                icon={paused ? Play : Pause}
                disabled={tell.isPending}
                onClick={() => tell.mutate({ what: paused ? "resume" : "pause" })}
              >
                {paused ? "Resume" : "Pause"}
              </Button>
            )}
            <Button
              primary
              icon={Zap}
              disabled={tell.isPending}
              onClick={() => tell.mutate({ what: "poll" })}
            >
              Ask now
            </Button>
          </>
        }
      />
      <section
        data-scroll-restoration-id={ref}
        tabIndex={0}
        aria-label="Sensor"
        className="inset-focus min-h-0 flex-1 overflow-auto p-4"
      >
        <ErrorNote error={tell.error} />
        <Loaded query={sensor}>{(d) => <Detail detail={d} />}</Loaded>
      </section>
    </>
  );
}

function Detail({ detail: d }: { detail: SensorDetail }) {
  const s = d.status;
  return (
    <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_320px]">
      <div className="flex min-w-0 flex-col gap-4">
        {s.error && (
          <div role="alert" className="rounded-lg border border-bad-solid bg-bad-subtle p-3 text-sm">
            <p className="wrap-anywhere">{s.error}</p>
            {s.hint && <p className="wrap-anywhere mt-1 text-muted">{s.hint}</p>}
          </div>
        )}
        {s.state === "idle" && s.hint && (
          <p className="wrap-anywhere rounded-lg border border-line p-3 text-sm text-muted">{s.hint}</p>
        )}
        <Panel title="How far it has come" aside="its cursor">
          <JsonView value={d.cursor ?? null} label="Cursor" />
        </Panel>
        <Panel title="Log" aside="the latest lines since the server started">
          {d.log.length === 0 ? (
            <p className="p-3 text-sm text-muted">It wrote nothing.</p>
          ) : (
            <ol className="p-3 font-mono text-xs">
              {d.log.map((line, n) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name
                <li key={n} className="wrap-anywhere flex gap-3">
                  <span className="shrink-0 text-subtle">
                    <At at={line.at} />
                  </span>
                  <span className={line.level === "error" ? "text-bad" : ""}>{line.text}</span>
                </li>
              ))}
            </ol>
          )}
        </Panel>
      </div>
      <aside aria-label="Facts" className="flex min-w-0 flex-col gap-5">
        <Facts title="Sensor">
          <Fact name="Pack">
            <Link to="/packs" hash={d.sensor.pack} className={linkClass}>
              {d.sensor.pack}
            </Link>
          </Fact>
          <Fact name="Every">{d.sensor.interval}</Fact>
          <Fact name="Asked">
            {plural(s.runs, "time")}
            {s.last_run && (
              <>
                , <Ago at={s.last_run} />
              </>
            )}
          </Fact>
          {s.next?.[0] && (
            <Fact name={s.failures > 0 ? "Tries again" : "Next"}>
              <At at={s.next[0]} />
            </Fact>
          )}
          {s.failures > 0 && <Fact name="Failures">{s.failures} in a row</Fact>}
          <Fact name="Found">
            {plural(s.events, "event")} since the start
            {s.last_event && (
              <>
                {", "}
                <Link to="/events/$id" params={{ id: s.last_event }} className={linkClass}>
                  the last
                </Link>
              </>
            )}
          </Fact>
          {d.sensor.triggers.map((t) => (
            <Fact key={t} name="Raises">
              <Link to="/triggers/$ref" params={{ ref: t }} className={linkClass}>
                {t}
              </Link>
            </Fact>
          ))}
        </Facts>
      </aside>
    </div>
  );
}
