import { useState } from "react";
import { objectOf } from "../../api/extra";
import type { Execution, Rerun } from "../../api/types";
import { type Edit, parseEdit } from "../../lib/edit";
import { inline } from "../../lib/format";
import { FormDialog, ParameterBox } from "../../ui/dialog";
import { ErrorNote } from "../../ui/states";

interface Props {
  execution: Execution;
  failure: Error | null;
  isRunning: boolean;
  onRun: (wanted: Rerun) => void;
  onClose: () => void;
}

/** Runs an execution again with other parameters; sends only what was changed. */
export default function EditDialog({ execution, failure, isRunning, onRun, onClose }: Props) {
  const before = objectOf(execution.parameters);
  const [text, setText] = useState(() => JSON.stringify(before, null, 2));
  const edit = parseEdit(text, before);
  const ready = !!edit.changed && !isRunning;
  const run = () => {
    if (edit.changed && ready) onRun({ parameters: edit.changed, remove: edit.removed });
  };
  return (
    <FormDialog
      title={`Edit and re-run ${execution.action}`}
      note="Starts a new execution that remembers this one as its parent."
      verb="Re-run with these"
      leave="Keep as it is"
      ready={ready}
      onDone={run}
      onClose={onClose}
    >
      <ParameterBox
        text={text}
        invalid={!!edit.error}
        state={<EditState edit={edit} before={before} />}
        onChange={setText}
        onSubmit={run}
      />
      <ErrorNote error={failure} />
    </FormDialog>
  );
}

function EditState({ edit, before }: { edit: Edit; before: Record<string, unknown> }) {
  if (edit.error) return <span className="text-bad">{edit.error}</span>;
  const changed = Object.keys(edit.changed ?? {});
  if (changed.length + edit.removed.length === 0) return <>Nothing is changed yet.</>;
  return (
    <ul>
      {changed.map((key) => (
        <li key={key} className="truncate">
          <b className="font-medium text-fg">{key}</b>{" "}
          {key in before ? `was ${inline(before[key])}` : "is new"}
        </li>
      ))}
      {edit.removed.map((key) => (
        <li key={key} className="truncate">
          <b className="font-medium text-fg">{key}</b> is removed
        </li>
      ))}
    </ul>
  );
}
