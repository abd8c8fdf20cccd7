import { Link } from "@tanstack/react-router";
import type { ExecutionSummary } from "../../api/types";
import { shortId } from "../../lib/format";
import { StatusBadge } from "../../ui/badge";
import { Cell, rowLink } from "../../ui/rows";
import { Ago, Took } from "../../ui/time";

export const executionHead = ["Status", "Action", "Execution", "Started by", "Created", "Duration"];
export const executionColumns = "grid-cols-[112px_minmax(0,1fr)_120px_minmax(0,200px)_76px_76px]";

/** One execution in a list; on a phone the action and its status come first. */
export function ExecutionCells({ item }: { item: ExecutionSummary }) {
  return (
    <>
      <Cell className="flex max-md:order-2 max-md:ml-auto">
        <span key={item.status} className="fade-change flex rounded">
          <StatusBadge status={item.status} />
        </span>
      </Cell>
      <Cell className="max-md:order-1 max-md:flex-1">
        <Link to="/executions/$id" params={{ id: item.id }} className={rowLink}>
          {item.action}
        </Link>
        {item.summary && <span className="ml-2 text-muted">{item.summary}</span>}
      </Cell>
      <Cell className="font-mono text-xs text-muted max-md:hidden">{shortId(item.id)}</Cell>
      <Cell className="text-muted max-md:order-3 max-md:mr-auto max-md:max-w-[55vw] max-md:text-xs">
        <Origin of={item} />
      </Cell>
      <span aria-hidden className="order-2 h-0 basis-full md:hidden" />
      <Cell className="text-muted max-md:order-3 max-md:text-xs">
        <Ago at={item.created_at} />
      </Cell>
      <Cell className="text-muted max-md:order-3 max-md:text-xs">
        <Took from={item.started_at} to={item.finished_at} />
      </Cell>
    </>
  );
}

function Origin({ of: e }: { of: ExecutionSummary }) {
  if (e.parent) return <>re-run of {shortId(e.parent)}</>;
  if (e.started_from) return <>run by {shortId(e.started_from)}</>;
  return <>{e.rule || "a person"}</>;
}
