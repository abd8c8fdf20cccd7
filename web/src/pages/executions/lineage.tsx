import { Link } from "@tanstack/react-router";
import type { Event, Execution } from "../../api/types";
import type { Filter } from "../../lib/filter";
import { breakable, Fact, Facts, linkClass } from "../../ui/page";
import { At } from "../../ui/time";

/** Where it came from and what came of it. */
export default function Lineage({ execution: e, event }: { execution: Execution; event?: Event }) {
  return (
    <Facts title="Lineage">
      {e.event && (
        <Fact name="Event">
          <Link to="/events/$id" params={{ id: e.event }} className={linkClass}>
            {event?.summary || event?.trigger || e.event}
          </Link>
        </Fact>
      )}
      {e.rule && (
        <Fact name="Rule">
          <Link to="/rules/$ref" params={{ ref: e.rule }} className={linkClass}>
            {breakable(e.rule)}
          </Link>
        </Fact>
      )}
      {e.started_by && <Fact name="Started by">{e.started_by}</Fact>}
      {e.parent && (
        <Fact name="Re-run of" mono>
          <Link to="/executions/$id" params={{ id: e.parent }} className={linkClass}>
            {e.parent}
          </Link>
        </Fact>
      )}
      {e.started_from && (
        <Fact name="Started from" mono>
          <Link to="/executions/$id" params={{ id: e.started_from }} className={linkClass}>
            {e.started_from}
          </Link>
        </Fact>
      )}
      <Fact name="Created">
        <At at={e.created_at} />
      </Fact>
      {e.finished_at && (
        <Fact name="Finished">
          <At at={e.finished_at} />
        </Fact>
      )}
      <Shown name="Started by it" search={{ started_from: e.id }} />
      <Shown name="Re-runs" search={{ parent: e.id }} />
      {e.trace_id && <Shown name="Same story" search={{ trace_id: e.trace_id }} />}
    </Facts>
  );
}

/** Executions that have to do with it, in the list. */
function Shown({ name, search }: { name: string; search: Filter }) {
  return (
    <Fact name={name}>
      <Link to="/executions" search={search} className={linkClass}>
        show
      </Link>
    </Fact>
  );
}
