import type { Status } from "../../api/types";
import { conditions, type Filter, parseFilter, statuses, statusList, toggleStatus } from "../../lib/filter";
import { count } from "../../lib/format";
import { solidClass, statusLook } from "../../ui/badge";
import { Chip, Choice, periods, SearchBox } from "../../ui/search";

interface Props {
  filter: Filter;
  counts?: Record<string, number>;
  onChange: (filter: Filter) => void;
}

export function FilterBar({ filter, counts, onChange }: Props) {
  const chips = conditions(filter).filter(([key]) => key !== "since");
  const isListed = periods.some(([value]) => value === (filter.since ?? ""));
  return (
    <div
      role="search"
      className="flex shrink-0 flex-wrap items-center gap-2 border-b border-line bg-surface px-4 py-1.5"
    >
      <SearchBox
        label="Filter executions"
        placeholder="action:labs_sre.* rule:… or text"
        value={filter.q ?? ""}
        onChange={(text) => onChange({ ...filter, q: undefined, ...parseFilter(text) })}
      >
        {chips.map(([key, value]) => (
          <Chip
            key={key}
            name={key}
            value={value}
            onRemove={() => onChange({ ...filter, [key]: undefined })}
          />
        ))}
      </SearchBox>
      <Choice
        label="Time range"
        value={filter.since ?? ""}
        options={isListed ? periods : [...periods, [filter.since ?? "", `Since ${filter.since}`]]}
        onChange={(since) => onChange({ ...filter, since: since || undefined })}
      />
      <div
        role="group"
        aria-label="Status"
        className="flex gap-1.5 overflow-x-auto max-md:-mx-4 max-md:basis-[calc(100%+32px)] max-md:px-4"
      >
        {offered(filter, counts).map((status) => (
          <StatusToggle
            key={status}
            status={status}
            count={counts && (counts[status] ?? 0)}
            pressed={statusList(filter).includes(status)}
            onToggle={() => onChange(toggleStatus(filter, status))}
          />
        ))}
      </div>
    </div>
  );
}

const rare: Status[] = ["delayed", "paused", "waiting"];

/** The statuses to choose from: the rare ones only where there are some. */
const offered = (filter: Filter, counts: Props["counts"]) =>
  statuses.filter((s) => !rare.includes(s) || counts?.[s] || statusList(filter).includes(s));

interface ToggleProps {
  status: Status;
  count?: number;
  pressed: boolean;
  onToggle: () => void;
}

function StatusToggle({ status, count: n, pressed, onToggle }: ToggleProps) {
  const { word, tone } = statusLook(status);
  return (
    <button
      type="button"
      aria-pressed={pressed}
      onClick={onToggle}
      className="flex h-8 shrink-0 items-center gap-1.5 rounded-md border border-line px-2 text-xs hover:bg-hover aria-pressed:border-accent aria-pressed:bg-selected aria-pressed:font-medium"
    >
      <span aria-hidden className={`size-2 rounded-sm ${solidClass(tone)}`} />
      {word}
      <span className="tnum text-subtle">{n === undefined ? "" : count(n)}</span>
    </button>
  );
}
