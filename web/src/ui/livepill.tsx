import type { LiveState } from "../api/live";
import { useLiveState } from "../api/queries";

const looks: Record<LiveState, [word: string, dot: string]> = {
  connecting: ["Connecting", "bg-idle-solid"],
  live: ["Live", "bg-ok-solid"],
  reconnecting: ["Reconnecting", "bg-warn-solid"],
  offline: ["Offline", "bg-bad-solid"],
};

/** Whether what is shown is what is. */
export function LivePill() {
  const [word, dot] = looks[useLiveState()];
  return (
    <span role="status" className="inline-flex items-center gap-1.5 whitespace-nowrap text-2xs text-subtle">
      <span aria-hidden className={`size-1.5 rounded-full ${dot}`} />
      {word}
    </span>
  );
}
