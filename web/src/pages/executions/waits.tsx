import { useMutation } from "@tanstack/react-query";
import { Pause, Play } from "lucide-react";
import { post } from "../../api/client";
import type { Execution } from "../../api/types";
import { statusLook } from "../../ui/badge";
import { Button } from "../../ui/button";
import { ErrorNote } from "../../ui/states";

/** What an execution waits for, and how to put it aside or let it go on. */
export default function Waits({ execution: e }: { execution: Execution }) {
  const isPaused = e.status === "paused";
  const verb = isPaused ? "resume" : "pause";
  const tell = useMutation({ mutationFn: () => post(`/executions/${e.id}/${verb}`) });
  const look = statusLook(e.status);
  return (
    <div className="flex flex-wrap items-center gap-2 rounded-lg border border-line bg-surface px-4 py-2.5 text-sm">
      <look.icon size={16} aria-hidden className="shrink-0 text-idle" />
      <span className="min-w-0 flex-1 break-words">{text(e)}</span>
      <Button icon={isPaused ? Play : Pause} disabled={tell.isPending} onClick={() => tell.mutate()}>
        {isPaused ? "Resume" : "Pause"}
      </Button>
      <ErrorNote error={tell.error} />
    </div>
  );
}

function text(e: Execution) {
  if (e.delay_reason) return `It does not run yet: ${e.delay_reason}.`;
  const last = e.attempt_list?.at(-1);
  if (!last) return "It waits for a free worker.";
  return `It will be tried again: attempt ${last.number} ${statusLook(last.status).word.toLowerCase()}${last.message ? ` (${last.message})` : ""}.`;
}
