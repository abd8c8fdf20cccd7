import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Ban, Pencil, RotateCcw, SquareTerminal } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { post } from "../../api/client";
import type { Execution, Rerun } from "../../api/types";
import { runCommand } from "../../lib/cli";
import { useKeys } from "../../lib/keys";
import { Kbd } from "../../ui/badge";
import { Button } from "../../ui/button";
import { CopyButton } from "../../ui/copy";
import { ErrorNote } from "../../ui/states";

const EditDialog = lazy(() => import("./edit"));

/** What can be done with an execution: cancel, run again, run again otherwise. */
export function Actions({ execution: e }: { execution: Execution }) {
  const navigate = useNavigate();
  const [editing, setEditing] = useState(false);
  const cancel = useMutation({ mutationFn: () => post(`/executions/${e.id}/cancel`) });
  const rerun = useMutation({
    mutationFn: (wanted?: Rerun) => post<Execution>(`/executions/${e.id}/rerun`, wanted),
    onSuccess: (next) => {
      setEditing(false);
      return navigate({ to: "/executions/$id", params: { id: next.id } });
    },
  });
  const again = () => !rerun.isPending && rerun.mutate(undefined);
  const isFinal = !!e.finished_at;
  useKeys({ e: again, E: () => setEditing(true), ...(isFinal ? {} : { c: () => cancel.mutate() }) });
  return (
    <>
      <CopyButton icon={SquareTerminal} label="Copy as CLI" text={runCommand(e)} />
      {!isFinal && (
        <Button icon={Ban} disabled={cancel.isPending || cancel.isSuccess} onClick={() => cancel.mutate()}>
          {cancel.isSuccess ? "Canceling" : "Cancel"}
        </Button>
      )}
      <Button icon={Pencil} onClick={() => setEditing(true)}>
        Edit &amp; re-run
      </Button>
      <Button primary icon={RotateCcw} disabled={rerun.isPending} onClick={again}>
        Re-run <Kbd>E</Kbd>
      </Button>
      {editing && (
        <Suspense>
          <EditDialog
            execution={e}
            failure={rerun.error}
            isRunning={rerun.isPending}
            onRun={rerun.mutate}
            onClose={() => setEditing(false)}
          />
        </Suspense>
      )}
      {!editing && <ErrorNote error={cancel.error ?? rerun.error} />}
    </>
  );
}
