import { useState } from "react";
import type { Capabilities } from "../../api/types";
import { parseEdit } from "../../lib/edit";
import { FormDialog, ParameterBox } from "../../ui/dialog";
import { ErrorNote } from "../../ui/states";

interface Props {
  pack: string;
  from: Capabilities;
  failure: Error | null;
  busy: boolean;
  onDone: (to: unknown) => void;
  onClose: () => void;
}

/** Takes lines out of what a pack may do. */
export default function GrantDialog({ pack, from, failure, busy, onDone, onClose }: Props) {
  const [text, setText] = useState(JSON.stringify(from, null, 2));
  const { error } = parseEdit(text, {});
  const ready = !error && !busy;
  const done = () => {
    if (ready) onDone(JSON.parse(text));
  };
  return (
    <FormDialog
      title={`Narrow ${pack}`}
      note="What holds is what both the pack asks for and this allows. It holds at once, also for executions that run."
      verb="Narrow"
      leave="Cancel"
      ready={ready}
      onDone={done}
      onClose={onClose}
    >
      <ParameterBox
        text={text}
        invalid={!!error}
        state={error && <span className="text-bad">{error}</span>}
        onChange={setText}
        onSubmit={done}
      />
      <ErrorNote error={failure} />
    </FormDialog>
  );
}
