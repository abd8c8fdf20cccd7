import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Send } from "lucide-react";
import { type FormEvent, useState } from "react";
import { post } from "../../api/client";
import type { Accepted, Trigger } from "../../api/types";
import { plural } from "../../lib/format";
import { Button } from "../../ui/button";
import { linkClass, Panel } from "../../ui/page";
import { ErrorNote } from "../../ui/states";

const pretty = (value: unknown) => JSON.stringify(value ?? {}, null, 2);

const box =
  "mt-1 block w-full rounded-md border border-strong bg-surface px-2 py-1.5 font-mono text-xs text-fg aria-[invalid=true]:border-bad";

/** Sends an event of the trigger, as a source would: rules judge it and act. */
export function Sender({ trigger }: { trigger: Trigger }) {
  const [payload, setPayload] = useState(pretty(trigger.example));
  const [parameters, setParameters] = useState("{}");
  const send = useMutation({
    // What is written goes out as it is: numbers keep all their digits.
    mutationFn: () =>
      post<Accepted>(
        "/events",
        `{"trigger":${JSON.stringify(trigger.ref)},"parameters":${parameters},"payload":${payload}}`,
      ),
  });
  const sound = isJSON(payload) && isObject(parameters);
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (sound) send.mutate();
  };
  return (
    <Panel title="Send an event">
      <form onSubmit={submit} className="flex flex-col gap-3 p-3">
        <label className="text-xs text-muted">
          Payload
          <textarea
            value={payload}
            onChange={(e) => setPayload(e.target.value)}
            aria-invalid={!isJSON(payload)}
            rows={Math.min(16, payload.split("\n").length + 1)}
            spellCheck={false}
            className={box}
          />
        </label>
        {trigger.parameters_schema && (
          <label className="text-xs text-muted">
            Parameters
            <input
              value={parameters}
              onChange={(e) => setParameters(e.target.value)}
              aria-invalid={!isObject(parameters)}
              spellCheck={false}
              autoComplete="off"
              className={box}
            />
          </label>
        )}
        <div className="flex items-center gap-3">
          <Button type="submit" primary icon={Send} disabled={!sound || send.isPending}>
            Send
          </Button>
          <p className="text-xs text-subtle">The event is real: rules that match start their actions.</p>
        </div>
        <ErrorNote error={send.error} />
        <div aria-live="polite">{send.data && <Outcome accepted={send.data} />}</div>
      </form>
    </Panel>
  );
}

function Outcome({ accepted }: { accepted: Accepted }) {
  return (
    <p className="text-sm">
      <Link to="/events/$id" params={{ id: accepted.event }} className={linkClass}>
        The event
      </Link>{" "}
      is stored; {accepted.matched} of {plural(accepted.looked, "rule")} matched.
    </p>
  );
}

function isJSON(text: string) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isObject(text: string) {
  return text.trim().startsWith("{") && isJSON(text);
}
