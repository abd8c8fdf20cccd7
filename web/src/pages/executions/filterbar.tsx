import { ApiError } from "../../api/client";
import type { Status } from "../../api/types";
import { conditions, type Filter, parseFilter, statuses, statusList, toggleStatus } from "../../lib/filter";
import { count } from "../../lib/format";
import { solidClass, statusLook } from "../../ui/badge";
import { Chip, Choice, periods, SearchBox } from "../../ui/search";

interface Props {
  filter: Filter;
  counts?: Record<string, number>;
  error?: Error | null;
  onChange: (filter: Filter) => void;
}

export function FilterBar({ filter, counts, error, onChange }: Props) {
  const chips = conditions(filter).filter(([key]) => key !== "since");
  const isListed = periods.some(([value]) => value === (filter.since ?? ""));
  return (
    <div
      role="search"
      className="flex shrink-0 flex-wrap items-center gap-2 border-b border-line bg-surface px-4 py-1.5"
    >
      <SearchBox
        label="Filter executions"
        placeholder={'status:failed -pack:k8s param.node:… duration:>30s "words"'}
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
      <Misunderstood text={filter.q} error={error} />
    </div>
  );
}

/** Where the server ceased to understand the filter, and what may have been meant. */
function Misunderstood({ text = "", error }: { text?: string; error?: Error | null }) {
  if (!(error instanceof ApiError) || error.problem.code !== "bad_filter") return null;
  const at = Number(/column (\d+)/.exec(error.message)?.[1] ?? 1) - 1;
  const characters = [...text];
  const end = characters.findIndex((c, i) => i > at && /\s/.test(c));
  const part = (from: number, to?: number) => characters.slice(from, to).join("");
  return (
    <p role="alert" className="basis-full text-sm">
      <code className="font-mono text-xs">
        {part(0, at)}
        <u className="text-bad decoration-wavy">{part(at, end < 0 ? undefined : end) || "…"}</u>
        {end < 0 ? "" : part(end)}
      </code>{" "}
      <span className="text-bad">{error.message}</span>{" "}
      <span className="text-muted">{error.problem.hint}</span>
    </p>
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
