import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CirclePlay, OctagonX } from "lucide-react";
import { post, put, read, remove } from "../../api/client";
import type { ChangeGuard, Execution, HeldCall } from "../../api/types";
import { Button } from "../../ui/button";
import { linkClass, Panel } from "../../ui/page";
import { ErrorNote, Loaded } from "../../ui/states";
import { Ago } from "../../ui/time";

/** What holds back what packs change: the switch, budgets, the breaker; and what was held back. */
export function Changes() {
  const queries = useQueryClient();
  const guard = useQuery({
    queryKey: ["changes"],
    queryFn: ({ signal }) => read<ChangeGuard>("/changes", signal),
    refetchInterval: 5000,
  });
  const again = () => void queries.invalidateQueries({ queryKey: ["changes"] });
  const stop = useMutation({
    mutationFn: () => put<ChangeGuard>("/changes/stop", { reason: "stopped on the page" }),
    onSettled: again,
  });
  const resume = useMutation({ mutationFn: () => remove("/changes/stop"), onSettled: again });
  const release = useMutation({
    mutationFn: (id: string) => post<Execution>(`/changes/held/${id}/release`),
    onSettled: again,
  });
  return (
    <Panel
      title="What packs change"
      aside={
        guard.data &&
        (guard.data.stop ? (
          <Button primary icon={CirclePlay} disabled={resume.isPending} onClick={() => resume.mutate()}>
            Let changes pass
          </Button>
        ) : (
          <Button icon={OctagonX} disabled={stop.isPending} onClick={() => stop.mutate()}>
            Stop every change
          </Button>
        ))
      }
    >
      <ErrorNote error={stop.error ?? resume.error ?? release.error} />
      <Loaded query={guard}>
        {(g) => (
          <div className="flex flex-col gap-2 p-3 text-sm">
            {g.stop ? (
              <p className="text-bad">
                Every change is held back since <Ago at={g.stop.at} />, by {g.stop.by}. {g.stop.reason}
              </p>
            ) : (
              <p className="text-muted">
                Packs may change what they were granted; reading is never held back.
              </p>
            )}
            {g.budgets.map((b) => (
              <p key={b.name}>
                Budget <b>{b.name}</b>: {b.limit} in {b.per / 60e9} min by {b.by}
                {Object.entries(b.used).map(([key, used]) => ` · ${used} used${key && ` for ${key}`}`)}
              </p>
            ))}
            {g.paused.map((p) => (
              <p key={p.what} className="text-warn">
                Paused because it kept failing: {p.what}
              </p>
            ))}
            <ul className="divide-y divide-line">
              {g.held.map((h) => (
                <Held key={h.id} held={h} busy={release.isPending} onRelease={() => release.mutate(h.id)} />
              ))}
            </ul>
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

function Held({ held: h, busy, onRelease }: { held: HeldCall; busy: boolean; onRelease: () => void }) {
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
      <Ago at={h.at} />
      <code className="font-mono text-xs">
        {h.change.verb} {h.change.target}
      </code>
      <span className="min-w-0 flex-1 text-muted">{h.why}</span>
      <Link to="/executions/$id" params={{ id: h.execution }} className={linkClass}>
        {h.action}
      </Link>
      {h.released ? (
        <span className="text-muted">released</span>
      ) : (
        <Button disabled={busy} onClick={onRelease}>
          Release
        </Button>
      )}
    </li>
  );
}
