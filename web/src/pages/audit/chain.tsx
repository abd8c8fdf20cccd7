import { useQuery } from "@tanstack/react-query";
import { ShieldCheck, ShieldX } from "lucide-react";
import { read } from "../../api/client";
import type { AuditReport } from "../../api/types";
import { plural } from "../../lib/format";
import { Badge } from "../../ui/badge";
import { CopyIcon } from "../../ui/copy";

/** How many records are verified on each look; squall audit verify looks at all. */
const newest = 10_000;

/** Whether the newest records hold, and the head, to be noted down elsewhere. */
export function Chain() {
  const report = useQuery({
    queryKey: ["audit-chain"],
    queryFn: ({ signal }) => read<AuditReport>(`/audit/verify?newest=${newest}`, signal),
    refetchInterval: 60_000,
  });
  const r = report.data;
  if (report.error) return <Badge word="Chain not read" tone="bad" icon={ShieldX} />;
  if (!r) return null;
  if (r.broken)
    return (
      <span role="alert" title={r.broken.reason}>
        <Badge word={`Chain broken at ${r.broken.seq}`} tone="bad" icon={ShieldX} />
      </span>
    );
  return (
    <>
      <span title={`${plural(r.records, "record")} verified; the head is ${r.head.seq}:${r.head.hash}`}>
        <Badge word="Chain verified" tone="ok" icon={ShieldCheck} />
      </span>
      <CopyIcon text={`${r.head.seq}:${r.head.hash}`} label="Copy the head of the chain" />
    </>
  );
}
