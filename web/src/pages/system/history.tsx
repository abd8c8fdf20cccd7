import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { post, read } from "../../api/client";
import type { Retention, RetentionLimit } from "../../api/types";
import { bytes, count, plural } from "../../lib/format";
import { Button } from "../../ui/button";
import { Panel } from "../../ui/page";
import { ErrorNote, Loaded } from "../../ui/states";
import { Ago } from "../../ui/time";

/** How far the history is kept, and what is to go. */
export function History() {
  const queries = useQueryClient();
  const key = ["retention"];
  const state = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => read<Retention>("/retention", signal),
    refetchInterval: (query) => (query.state.data?.busy ? 1000 : 10_000),
  });
  const apply = useMutation({
    mutationFn: () => post<Retention>("/retention", { dry_run: false }),
    onSettled: () => void queries.invalidateQueries({ queryKey: key }),
  });
  const excess = state.data?.rules.some((r) => r.excess > 0 || r.excess_bytes > 0);
  return (
    <Panel
      title="History"
      aside={
        excess && (
          <Button icon={Trash2} disabled={apply.isPending || state.data?.busy} onClick={() => apply.mutate()}>
            Remove now
          </Button>
        )
      }
    >
      <ErrorNote error={apply.error} />
      <Loaded query={state}>
        {(r) => (
          <div className="flex flex-col gap-2 p-3 text-sm">
            <p>
              {plural(r.size.executions, "execution")} in a database of {bytes(r.size.bytes)},{" "}
              {bytes(r.size.free_bytes)} of it free; {plural(r.pinned, "artifact")} pinned.
            </p>
            {r.rules.length === 0 && <p className="text-muted">Everything is kept.</p>}
            <ul className="divide-y divide-line">
              {r.rules.map((rule) => (
                <Rule key={bounds(rule)} rule={rule} />
              ))}
            </ul>
            {r.error && <p className="text-bad">{r.error}</p>}
            <p className="text-muted">
              Removed since the server started: {plural(r.removed, "execution")},{" "}
              {plural(r.removed_events, "event")}, {plural(r.removed_files, "file")}
              {r.busy ? "; removing now" : r.last_run && <>; looked </>}
              {!r.busy && r.last_run && <Ago at={r.last_run} />}.
            </p>
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

function Rule({ rule: r }: { rule: RetentionLimit }) {
  const toGo = r.excess > 0 || r.excess_bytes > 0;
  return (
    <li className="flex flex-wrap gap-x-3 py-1.5">
      <b className="font-medium">{bounds(r)}</b>
      <span className="text-muted">
        holds {count(r.executions)}, {bytes(r.held_bytes)}
      </span>
      {toGo && (
        <span className="text-warn">
          {count(r.excess)} to go{r.excess_bytes > 0 && `, or ${bytes(r.excess_bytes)}`}
        </span>
      )}
    </li>
  );
}

function bounds(r: RetentionLimit) {
  const of = [r.statuses?.join(", ") || "all", r.pack && `of pack ${r.pack}`].filter(Boolean).join(" ");
  const most = [
    r.age && plural(Math.round((r.age / 86_400e9) * 10) / 10, "day"),
    r.count && plural(r.count, "execution"),
    r.bytes && bytes(r.bytes),
  ];
  return `${of}: at most ${most.filter(Boolean).join(", ")}`;
}
