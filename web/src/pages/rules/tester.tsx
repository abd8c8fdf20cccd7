import { useMutation } from "@tanstack/react-query";
import { Check, CircleSlash, FlaskConical, Minus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { post } from "../../api/client";
import type { RuleTest } from "../../api/types";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { JsonView } from "../../ui/json";
import { Panel } from "../../ui/page";
import { ErrorNote } from "../../ui/states";
import { Criteria } from "../../ui/verdict";

/** Asks what the rule would decide about an event, without starting anything. */
export function Tester({ name, event }: { name: string; event?: string }) {
  const [id, setId] = useState(event ?? "");
  const test = useMutation({
    mutationFn: (chosen: string) => post<RuleTest>("/rules/test", { ref: name, event: chosen }),
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (id.trim()) test.mutate(id.trim());
  };
  return (
    <Panel title="Test against an event">
      <div className="flex flex-col gap-3 p-3">
        <form onSubmit={submit} className="flex items-end gap-2">
          <label className="min-w-0 flex-1 text-xs text-muted">
            Event id
            <input
              value={id}
              onChange={(e) => setId(e.target.value)}
              spellCheck={false}
              autoComplete="off"
              className="mt-1 block h-8 w-full rounded-md border border-strong bg-surface px-2 font-mono text-xs text-fg"
            />
          </label>
          <Button type="submit" primary icon={FlaskConical} disabled={!id.trim() || test.isPending}>
            Test
          </Button>
        </form>
        <p className="text-xs text-subtle">Nothing is stored and nothing starts.</p>
        <ErrorNote error={test.error} />
        <div aria-live="polite">{test.data && <Result test={test.data} />}</div>
      </div>
    </Panel>
  );
}

function Result({ test }: { test: RuleTest }) {
  return (
    <div className="flex flex-col gap-2">
      <div>
        {test.error ? (
          <Badge word="Error" tone="bad" icon={CircleSlash} />
        ) : test.matched ? (
          <Badge word="Would match" tone="ok" icon={Check} />
        ) : (
          <Badge word="Would not match" tone="idle" icon={Minus} />
        )}
      </div>
      {test.error && <p className="break-words text-sm text-bad">{test.error}</p>}
      <Criteria items={test.criteria ?? []} />
      {test.reason && <p className="text-sm text-muted">{test.reason}</p>}
      {test.keys === "now" && <p className="text-xs text-muted">Keys were read as they are now.</p>}
      {test.parameters && (
        <div className="rounded-md border border-line">
          <JsonView value={test.parameters} label="Rendered parameters" />
        </div>
      )}
    </div>
  );
}
