import { Dialog } from "@base-ui/react/dialog";
import { useState } from "react";
import type { Execution } from "../../api/types";
import { type Edit, parseEdit } from "../../lib/edit";
import { inline } from "../../lib/format";
import { Button } from "../../ui/button";
import { ErrorNote } from "../../ui/states";

interface Props {
  execution: Execution;
  failure: Error | null;
  isRunning: boolean;
  onRun: (changed: Record<string, unknown>) => void;
  onClose: () => void;
}

/** Runs an execution again with other parameters; sends only what was changed. */
export default function EditDialog({ execution, failure, isRunning, onRun, onClose }: Props) {
  const before = execution.parameters ?? {};
  const [text, setText] = useState(() => JSON.stringify(before, null, 2));
  const edit = parseEdit(text, before);
  const run = () => {
    if (edit.changed && !isRunning) onRun(edit.changed);
  };
  return (
    <Dialog.Root open onOpenChange={(open) => open || onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-veil" />
        <Dialog.Popup className="fixed left-1/2 top-1/2 z-40 flex max-h-[90dvh] w-[min(640px,calc(100vw-32px))] -translate-x-1/2 -translate-y-1/2 flex-col gap-3 rounded-xl border border-line bg-surface p-5 shadow-lg outline-none">
          <Dialog.Title className="text-lg font-semibold">Edit and re-run {execution.action}</Dialog.Title>
          <Dialog.Description className="text-sm text-muted">
            Starts a new execution that remembers this one as its parent. Parameters that you remove keep
            their value.
          </Dialog.Description>
          <textarea
            aria-label="Parameters as JSON"
            aria-invalid={!!edit.error}
            aria-describedby="edit-state"
            value={text}
            onChange={(e) => setText(e.target.value)}
            onKeyDown={(e) => e.key === "Enter" && (e.ctrlKey || e.metaKey) && run()}
            spellCheck={false}
            rows={Math.min(18, text.split("\n").length + 2)}
            className="min-h-24 rounded-md border border-strong bg-sunken p-3 font-mono text-xs"
          />
          <div id="edit-state" aria-live="polite" className="text-xs text-muted">
            <EditState edit={edit} before={before} />
          </div>
          <ErrorNote error={failure} />
          <div className="flex justify-end gap-2">
            <Dialog.Close render={<Button>Keep as it is</Button>} />
            <Button primary disabled={!edit.changed || isRunning} onClick={run}>
              Re-run with these
            </Button>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function EditState({ edit, before }: { edit: Edit; before: Record<string, unknown> }) {
  if (edit.error) return <span className="text-bad">{edit.error}</span>;
  const changed = Object.keys(edit.changed ?? {});
  if (changed.length === 0) return <>Nothing is changed yet.</>;
  return (
    <ul>
      {changed.map((key) => (
        <li key={key} className="truncate">
          <b className="font-medium text-fg">{key}</b>{" "}
          {key in before ? `was ${inline(before[key])}` : "is new"}
        </li>
      ))}
    </ul>
  );
}
