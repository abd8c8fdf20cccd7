import { Link } from "@tanstack/react-router";
import type { Attempt } from "../../api/types";
import { between, bytes, count, duration, si, within } from "../../lib/format";
import { Fact, Facts, linkClass } from "../../ui/page";

/** What the latest attempt used of what it was allowed. */
export default function Sandbox({ attempt }: { attempt?: Attempt }) {
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
