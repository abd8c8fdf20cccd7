import { Link } from "@tanstack/react-router";
import { FileBox, Flame } from "lucide-react";
import type { Artifact, Attempt, Event, Execution } from "../../api/types";
import { between, bytes, count, duration, si, within } from "../../lib/format";
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
      <Fact name="Created">
        <At at={e.created_at} />
      </Fact>
      {e.finished_at && (
        <Fact name="Finished">
          <At at={e.finished_at} />
        </Fact>
      )}
      <Fact name="Re-runs">
        <Link to="/executions" search={{ parent: e.id }} className={linkClass}>
          show
        </Link>
      </Fact>
    </Facts>
  );
}

/** What the latest attempt used of what it was allowed. */
export function Sandbox({ attempt }: { attempt?: Attempt }) {
  if (!attempt?.finished_at) return null; // it is counted at the end
  const { usage } = attempt;
  const limits = usage.limits ?? {};
  return (
    <Facts title="Sandbox">
      <Fact name="CPU">
        <Used value={usage.fuel} limit={limits.fuel} text={si} unit=" instructions" />
      </Fact>
      <Fact name="Memory peak">
        <Used value={usage.memory} limit={limits.memory} text={bytes} />
      </Fact>
      <Fact name="Host calls">
        <Used value={usage.host_calls} limit={limits.host_calls} text={count} />
      </Fact>
      <Fact name="Host data">{bytes(usage.host_bytes)}</Fact>
      <Fact name="Time">
        <Used
          value={between(attempt.started_at, attempt.finished_at)}
          limit={limits.timeout}
          text={duration}
        />
      </Fact>
      <Fact name="In guest, host">
        {duration(usage.guest_time)}, {duration(usage.host_time)}
      </Fact>
      {limits.output !== undefined && <Fact name="Output limit">{bytes(limits.output)}</Fact>}
      {limits.log !== undefined && <Fact name="Log limit">{bytes(limits.log)}</Fact>}
      {usage.pack && (
        <Fact name="Pack">
          <Link to="/packs" hash={usage.pack} className={linkClass}>
            {usage.pack}
          </Link>
        </Fact>
      )}
      {usage.pack_digest && (
        <Fact name="Digest" mono>
          <span title={usage.pack_digest}>{usage.pack_digest.slice(0, 19)}…</span>
        </Fact>
      )}
    </Facts>
  );
}

interface UsedProps {
  value: number;
  limit?: number;
  text: (n: number) => string;
  unit?: string;
}

function Used({ value, limit, text, unit = "" }: UsedProps) {
  if (!limit) return <span className="tnum">{text(value) + unit}</span>;
  const share = Math.min(1, value / limit);
  return (
    <span className="flex flex-col gap-1">
      <span className="tnum">{within(text(value), text(limit)) + unit}</span>
      <span aria-hidden className="h-1 overflow-hidden rounded bg-idle-subtle">
        <span
          className={`block h-full rounded ${share > 0.9 ? "bg-bad-solid" : share > 0.7 ? "bg-warn-solid" : "bg-ok-solid"}`}
          style={{ width: `max(2px, ${share * 100}%)` }}
        />
      </span>
    </span>
  );
}
