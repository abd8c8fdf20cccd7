import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Play } from "lucide-react";
import { post } from "../../api/client";
import type { Execution, ReleaseRequest, Verdict } from "../../api/types";
import { Button } from "../../ui/button";
import { ErrorNote } from "../../ui/states";

/** Whether a verdict was held back and waits for somebody to let it pass. */
const waits = (v: Verdict) => v.outcome === "suppressed" && !v.released_by && !v.observed;

/** Lets a suppressed verdict pass; nothing for any other. */
export function Release({ verdict: v }: { verdict: Verdict }) {
  const queries = useQueryClient();
  const body: ReleaseRequest = { rule: v.rule, item: v.item };
  const release = useMutation({
    mutationFn: () => post<Execution>(`/events/${v.event}/release`, body),
    // Also after a refusal: somebody else may have been faster.
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ["event", v.event] }),
        queries.invalidateQueries({ queryKey: ["rule", v.rule] }),
      ]),
  });
  return (
    <>
      {waits(v) && (
        <Button
          icon={Play}
          disabled={release.isPending}
          onClick={() => release.mutate()}
          aria-label={`Release ${v.rule}${v.item === undefined ? "" : `, item ${v.item}`}`}
        >
          Release
        </Button>
      )}
      <ErrorNote error={release.error} />
    </>
  );
}
