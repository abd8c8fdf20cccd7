import { useMutation, useQuery } from "@tanstack/react-query";
import { Rewind } from "lucide-react";
import { post, read } from "../../api/client";
import type { AttemptTape, BodyRef, ExecutionReplay, TapeCall, TapeEntry } from "../../api/types";
import { bytes, count, duration } from "../../lib/format";
import { Button } from "../../ui/button";
import { JsonView } from "../../ui/json";
import { Panel } from "../../ui/page";
import { ErrorNote, Loaded } from "../../ui/states";

/** What the code asked of the world, in order, with what was said; and its replay. */
export default function Tape({ execution, attempt }: { execution: string; attempt: number }) {
  const path = `/executions/${execution}`;
  const tape = useQuery({
    queryKey: ["tape", execution, attempt],
    queryFn: ({ signal }) => read<AttemptTape>(`${path}/tape?attempt=${attempt}`, signal),
    retry: false,
  });
  const replay = useMutation({
    mutationFn: () => post<ExecutionReplay>(`${path}/replay?attempt=${attempt}`),
  });
  const playable = tape.data && !tape.data.incomplete;
  return (
    <Panel
      title={`Host calls of attempt ${attempt}`}
      className="lg:col-span-2"
      aside={
        playable && (
          <Button icon={Rewind} disabled={replay.isPending} onClick={() => replay.mutate()}>
            Replay
          </Button>
        )
      }
    >
      {replay.data && <Result replay={replay.data} />}
      <ErrorNote error={replay.error} />
      <Loaded query={tape}>
        {(t) => (
          <>
            {t.items.some((e) => e.would_do) && (
              <p className="border-b border-line p-3 text-sm text-time">
                This was a dry run: what would change the world was not done.
              </p>
            )}
            {t.incomplete && (
              <p className="p-3 text-sm text-muted">It can not be replayed: {t.incomplete}.</p>
            )}
            {t.items.length === 0 && <p className="p-3 text-sm text-muted">It asked nothing of the world.</p>}
            <ol>
              {t.items.map((e, n) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a tape only grows at its end
                <Call key={n} number={n + 1} entry={e} since={t.started_at} />
              ))}
            </ol>
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function Call({ number, entry: e, since }: { number: number; entry: TapeEntry; since: string }) {
  const after = Math.max(0, (Date.parse(e.started_at) - Date.parse(since)) * 1e6);
  return (
    <li className="border-b border-line last:border-0">
      <details>
        <summary className="flex cursor-pointer flex-wrap items-baseline gap-x-3 px-3 py-1.5 text-sm">
          <span className="tnum w-6 text-right text-subtle">{number}</span>
          <span className="tnum w-16 text-subtle">+{duration(after)}</span>
          <span className="tnum w-16 text-subtle">{duration(e.duration)}</span>
          <code className="font-mono text-xs">{e.name}</code>
          <span className="min-w-0 truncate">{e.detail}</span>
          <End entry={e} />
          <span className="tnum ml-auto text-xs text-subtle">
            {bytes(e.request_bytes)} → {bytes(e.reply_bytes)}
          </span>
        </summary>
        {e.message && <p className="px-3 pb-2 text-sm text-bad">{e.message}</p>}
        {e.change && (
          <p className="px-3 pb-2 text-sm text-muted">
            {e.would_do ? "Would change" : "Changes"}: {e.change.verb} {e.change.target}
          </p>
        )}
        {e.change?.diff && (
          <pre tabIndex={0} className="mx-3 mb-2 overflow-auto rounded bg-sunken p-2 font-mono text-xs">
            {e.change.diff}
          </pre>
        )}
        <div className="grid gap-2 px-3 pb-3 lg:grid-cols-2">
          {e.request !== undefined && <JsonView value={e.request} label={`Request ${number}`} />}
          <Large of={e.request_in} />
          {e.reply !== undefined && <JsonView value={e.reply} label={`Reply ${number}`} />}
          <Large of={e.reply_in} />
        </div>
      </details>
    </li>
  );
}

const Large = ({ of }: { of?: BodyRef }) =>
  of && (
    <a className="link text-sm" href={`/api/v1/artifacts/${of.artifact}/content`}>
      {bytes(of.size)}
    </a>
  );

function End({ entry: e }: { entry: TapeEntry }) {
  if (e.error) return <span className="text-bad">{e.error}</span>;
  if (e.would_do) return <span className="text-time">would do</span>;
  return <span className="text-ok">ok</span>;
}

/** Nothing of the world was asked: either it said the same, or here it began to differ. */
function Result({ replay: r }: { replay: ExecutionReplay }) {
  if (r.same) {
    return (
      <p role="status" className="border-b border-line p-3 text-sm text-ok">
        Replayed without the world: the same host calls, the same output, byte for byte, in{" "}
        {count(r.replayed.fuel)} instructions.
      </p>
    );
  }
  return (
    <div role="status" className="border-b border-line p-3 text-sm">
      <p className="text-bad">The replay differs{r.differs ? ` at host call ${r.differs.number}` : ""}.</p>
      {r.note && <p className="text-muted">{r.note}</p>}
      {r.replayed.message && <p>{r.replayed.message}</p>}
      <div className="mt-2 grid gap-2 lg:grid-cols-2">
        <Side label="Recorded" call={r.differs?.recorded} />
        <Side label="Replayed" call={r.differs?.replayed} />
      </div>
    </div>
  );
}

function Side({ label, call }: { label: string; call?: TapeCall }) {
  if (!call) return null;
  return (
    <div>
      <h3 className="text-xs text-subtle">
        {label}: {call.name}
      </h3>
      <JsonView value={call.request ?? {}} label={label} />
    </div>
  );
}
