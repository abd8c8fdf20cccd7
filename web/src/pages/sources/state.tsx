import { AlarmClock, AlarmClockCheck, AlarmClockMinus, AlarmClockOff, Pause } from "lucide-react";
import { Badge } from "../../ui/badge";

/** How a source of events is doing. */
export function StateBadge({ state }: { state: string }) {
  switch (state) {
    case "running":
      return <Badge word="Running" tone="ok" icon={AlarmClockCheck} />;
    case "failing":
      return <Badge word="Failing" tone="warn" icon={AlarmClockMinus} />;
    case "paused":
      return <Badge word="Paused" tone="idle" icon={Pause} />;
    case "idle":
      return <Badge word="Not configured" tone="idle" icon={AlarmClockMinus} />;
    case "invalid":
      return <Badge word="Invalid" tone="bad" icon={AlarmClockOff} />;
    default:
      return <Badge word="Done" tone="idle" icon={AlarmClock} />;
  }
}
