import { Link } from "@tanstack/react-router";
import { FileBox, Flame } from "lucide-react";
import type { Artifact, Event, Execution } from "../../api/types";
import { bytes } from "../../lib/format";
import { breakable, Fact, Facts, linkClass } from "../../ui/page";
import { At } from "../../ui/time";
import { isProfile } from "../artifacts/media";

/** The files it kept, with the flame graph one click away. */
export function Artifacts({ items }: { items: Artifact[] }) {
  if (items.length === 0) return null;
  return (
    <section>
      <h2 className="mb-1.5 text-xs font-semibold text-subtle">Artifacts</h2>
      <ul className="flex flex-col gap-2">
        {items.map((a) => {
          const profile = isProfile(a);
          const Icon = profile ? Flame : FileBox;
          return (
            <li key={a.id}>
              <Link
                to="/artifacts/$id"
                params={{ id: a.id }}
                className="flex items-center gap-3 rounded-lg border border-line bg-surface px-3 py-2 hover:border-strong hover:bg-hover"
              >
                <Icon size={18} aria-hidden className={`shrink-0 ${profile ? "text-time" : "text-subtle"}`} />
                <span className="min-w-0">
                  <span className="block truncate text-sm font-medium">{a.name}</span>
                  <span className="block truncate text-xs text-subtle">
                    {bytes(a.size)} · {profile ? "open flame graph" : a.media_type}
                  </span>
                </span>
              </Link>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** Where it came from and what came of it. */
export function Lineage({ execution: e, event }: { execution: Execution; event?: Event }) {
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
      <Fact name="Started by it">
        <Link to="/executions" search={{ started_from: e.id }} className={linkClass}>
          show
        </Link>
      </Fact>
      <Fact name="Re-runs">
        <Link to="/executions" search={{ parent: e.id }} className={linkClass}>
          show
        </Link>
      </Fact>
    </Facts>
  );
}
