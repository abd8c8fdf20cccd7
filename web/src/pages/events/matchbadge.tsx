import { Check, Minus } from "lucide-react";
import type { Event } from "../../api/types";
import { plural } from "../../lib/format";
import { Badge } from "../../ui/badge";

/** How many rules matched of those that looked. */
export function MatchBadge({ event: e }: { event: Event }) {
  if (e.matched > 0) return <Badge word={`${e.matched} of ${e.looked} matched`} tone="ok" icon={Check} />;
  return (
    <Badge
      word={e.looked ? `${plural(e.looked, "rule")}, no match` : "No rule looked"}
      tone="idle"
      icon={Minus}
    />
  );
}
