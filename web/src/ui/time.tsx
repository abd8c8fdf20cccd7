import { ago, between, dateTime, duration } from "../lib/format";
import { useNow } from "../lib/hooks";

/** "8s ago", with the full time on hover. */
export function Ago({ at }: { at: string }) {
  const now = useNow(Date.now() - Date.parse(at) < 60_000 ? 1000 : 30_000);
  return (
    <time dateTime={at} title={dateTime(at)} className="tnum whitespace-nowrap">
      {ago(at, now)}
    </time>
  );
}

export function At({ at }: { at: string }) {
  return (
    <time dateTime={at} title={at} className="tnum whitespace-nowrap">
      {dateTime(at)}
    </time>
  );
}

/** How long something took, or takes until now. */
export function Took({ from, to }: { from?: string; to?: string }) {
  const now = useNow(1000, !!from && !to);
  return <span className="tnum whitespace-nowrap">{from ? duration(between(from, to, now)) : "–"}</span>;
}
