import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, CircleSlash, History, Minus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { post } from "../../api/client";
import type { ReplayedEvent, RuleReplay } from "../../api/types";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { linkClass, Panel } from "../../ui/page";
import { ErrorNote } from "../../ui/states";
import { Criteria } from "../../ui/verdict";

const fieldClass =
  "mt-1 block w-full rounded-md border border-strong bg-surface px-2 font-mono text-xs text-fg";

/** Tries the rule, or a changed text of it, on the last events of its trigger. */
export function Replay({ name }: { name: string }) {
  const [text, setText] = useState("");
  const replay = useMutation({
    mutationFn: (rule: string) =>
      post<RuleReplay>(
        "/rules/replay",
        rule.trim() ? { rule, ref: name, last: 200 } : { ref: name, last: 200 },
      ),
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    replay.mutate(text);
  };
  return (
    <Panel title="Test against the last 200 events">
      <form onSubmit={submit} className="flex flex-col items-start gap-3 p-3">
        <label className="w-full text-xs text-muted">
          Another text of the rule, to compare; empty: the rule in service
          <textarea
            value={text}
            onChange={(e) => setText(e.target.value)}
            spellCheck={false}
            rows={text ? 12 : 2}
            className={`${fieldClass} py-1`}
          />
        </label>
        <Button type="submit" icon={History} disabled={replay.isPending}>
          Test
        </Button>
        <ErrorNote error={replay.error} />
      </form>
      <div aria-live="polite">{replay.data && <Outcome replay={replay.data} />}</div>
    </Panel>
  );
}

function Outcome({ replay: r }: { replay: RuleReplay }) {
  if (r.tested === 0)
    return <p className="px-3 pb-3 text-sm text-muted">No event has come that the rule looks at.</p>;
  return (
    <>
      <p className="px-3 pb-2 text-sm text-fg">
        Would have matched {r.matched} of {r.tested}
        {r.compared && `; ${r.new} new, ${r.gone} gone against the rule in service`}
        {r.errored > 0 && `; ${r.errored} could not be judged`}.
        {r.partial && " There may be more events further back."}
        {r.flow_ignored && " Its limits were not asked."}
        {r.keys === "now" && " Keys were read as they are now."}
      </p>
      <ul className="max-h-96 divide-y divide-line overflow-y-auto border-t border-line">
        {(r.events ?? []).map((e) => (
          <li key={e.event}>
            <Row event={e} compared={r.compared} />
          </li>
        ))}
      </ul>
    </>
  );
}

function change(e: ReplayedEvent, compared: boolean) {
  if (!compared || (e.outcome === "matched") === (e.was === "matched")) return "";
  return e.outcome === "matched" ? "new" : "gone";
}

function Row({ event: e, compared }: { event: ReplayedEvent; compared: boolean }) {
  const differs = change(e, compared);
  return (
    <details className="px-3 py-1.5 text-sm">
      <summary className="flex cursor-pointer flex-wrap items-center gap-2">
        {e.error ? (
          <Badge word="Error" tone="bad" icon={CircleSlash} />
        ) : e.outcome === "matched" ? (
          <Badge word="Matches" tone="ok" icon={Check} />
        ) : (
          <Badge word={`${e.held} of ${e.total}`} tone="idle" icon={Minus} />
        )}
        {differs && <span className="font-medium text-warn">{differs}</span>}
        <span className="min-w-0 flex-1 truncate text-muted">{e.summary}</span>
      </summary>
      <div className="flex flex-col gap-2 py-2">
        <Link to="/events/$id" params={{ id: e.event }} className={linkClass}>
          event {e.event}
        </Link>
        {e.error && <p className="break-words text-bad">{e.error}</p>}
        <Criteria items={e.criteria ?? []} />
      </div>
    </details>
  );
}
