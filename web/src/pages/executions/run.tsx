import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { post, read } from "../../api/client";
import type { Action, Execution, ListAction, Parameter } from "../../api/types";
import { parseEdit } from "../../lib/edit";
import { inline } from "../../lib/format";
import { inOrder, prefill } from "../../lib/prefill";
import { FormDialog, ParameterBox } from "../../ui/dialog";
import { ErrorNote } from "../../ui/states";

const refOf = (a: Action) => `${a.pack}.${a.name}`;

/** Runs any action by hand, and opens what it started. */
export default function RunDialog({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const actions = useQuery({
    queryKey: ["actions"],
    queryFn: ({ signal }) => read<ListAction>("/actions?limit=1000", signal),
  });
  const [ref, setRef] = useState("");
  const [dry, setDry] = useState(false);
  const [at, setAt] = useState("");
  const [priority, setPriority] = useState("");
  const [drafts, setDrafts] = useState<Record<string, string>>({});
  const action = actions.data?.items.find((a) => refOf(a) === ref);
  const text = drafts[ref] ?? (action ? JSON.stringify(prefill(action.parameters), null, 2) : "");
  const { error } = parseEdit(text, {});
  const run = useMutation({
    // The text goes out as it was typed: parsed, a number of 17 digits would come out another.
    mutationFn: () =>
      post<Execution>(
        "/executions",
        `{"action": ${JSON.stringify(ref)}, "dry_run": ${dry}${when(at, priority)}, "parameters": ${text}}`,
      ),
    onSuccess: (started) => navigate({ to: "/executions/$id", params: { id: started.id } }),
  });
  const ready = !!action && !error && !run.isPending;
  const submit = () => {
    if (ready) run.mutate();
  };
  const choose = (next: string) => {
    setRef(next);
    run.reset();
  };
  return (
    <FormDialog
      title="Run an action"
      note={action?.description ?? "Starts one execution now, without any event or rule."}
      verb="Run"
      leave="Cancel"
      ready={ready}
      onDone={submit}
      onClose={onClose}
    >
      <ActionChoice actions={actions.data?.items ?? []} value={ref} onChange={choose} />
      <ErrorNote error={actions.error} />
      {action && (
        <>
          <ParameterBox
            key={ref}
            text={text}
            invalid={!!error}
            state={error && <span className="text-bad">{error}</span>}
            onChange={(next) => setDrafts({ ...drafts, [ref]: next })}
            onSubmit={submit}
          />
          <label className="flex items-center gap-2 text-sm">
            <input type="checkbox" checked={dry} onChange={(e) => setDry(e.target.checked)} />
            Dry run: read the world, change nothing, show what would be changed
          </label>
          <div className="flex flex-wrap gap-x-4 gap-y-2 text-sm">
            <label className="flex items-center gap-2">
              Not before
              <input
                type="datetime-local"
                value={at}
                onChange={(e) => setAt(e.target.value)}
                className={boxClass}
              />
            </label>
            <label className="flex items-center gap-2">
              Priority
              <input
                type="number"
                min={-1000}
                max={1000}
                value={priority}
                placeholder={String(action.priority ?? 0)}
                onChange={(e) => setPriority(e.target.value)}
                className={`w-20 ${boxClass}`}
              />
            </label>
          </div>
          <ErrorNote error={run.error} />
          <Known parameters={action.parameters} />
        </>
      )}
    </FormDialog>
  );
}

const boxClass = "h-8 rounded-md border border-strong bg-surface px-2";

/** What of a request says when, and before whom, it is to run. */
function when(at: string, priority: string) {
  return (
    (at && `, "run_at": ${JSON.stringify(new Date(at).toISOString())}`) +
    (priority && `, "priority": ${Number(priority)}`)
  );
}

interface ChoiceProps {
  actions: Action[];
  value: string;
  onChange: (ref: string) => void;
}

/** The actions by pack. A native select finds by typing, and works on a phone. */
function ActionChoice({ actions, value, onChange }: ChoiceProps) {
  const packs = [...new Set(actions.map((a) => a.pack))];
  const of = (pack: string) => actions.filter((a) => a.pack === pack);
  return (
    <select
      aria-label="Action"
      value={value}
      onChange={(e) => onChange(e.target.value)}
      className="h-9 shrink-0 rounded-md border border-strong bg-surface px-2 text-sm"
    >
      <option value="" disabled>
        Choose an action
      </option>
      {packs.map((pack) => (
        <optgroup key={pack} label={pack}>
          {of(pack).map((a) => (
            <option key={a.name} value={refOf(a)} disabled={!a.enabled}>
              {refOf(a)}
              {a.enabled ? "" : " (disabled)"}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
}

/** What the action takes, so that nobody has to look it up. */
function Known({ parameters }: { parameters: Action["parameters"] }) {
  const known = inOrder(parameters).filter(([, p]) => !p.immutable);
  if (known.length === 0) return <p className="text-xs text-muted">It takes no parameters.</p>;
  return (
    <ul className="flex flex-col gap-1 text-xs text-muted">
      {known.map(([name, p]) => (
        <li key={name} className="break-words">
          <code className="font-mono text-fg">{name}</code> {traits(p)}
          {p.description && ` · ${p.description}`}
        </li>
      ))}
    </ul>
  );
}

function traits(p: Parameter) {
  const words = [p.type, p.required && "required", p.enum && `one of ${p.enum.map(inline).join(", ")}`];
  return words.filter(Boolean).join(", ");
}
