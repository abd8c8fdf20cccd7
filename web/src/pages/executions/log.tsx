import { getRouteApi } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDownToLine, WrapText } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useLog } from "../../api/log";
import type { Execution, LogLevel, LogLine } from "../../api/types";
import { clock, plural } from "../../lib/format";
import { Panel } from "../../ui/page";
import { ErrorNote } from "../../ui/states";

const route = getRouteApi("/shell/executions/$id");
const order: LogLevel[] = ["debug", "info", "warning", "error"];

const tones: Record<LogLevel, string> = {
  debug: "text-subtle",
  info: "text-fg",
  warning: "text-warn",
  error: "bg-bad-subtle text-bad",
};

/** What the guest wrote. */
export function Log({ execution: e }: { execution: Execution }) {
  const { lines, error, isLoading } = useLog(e.id, e.log_lines);
  const [level, setLevel] = useState<LogLevel>("debug");
  const [text, setText] = useState("");
  const [wrap, setWrap] = useState(true);
  const [follow, setFollow] = useState(!e.finished_at);
  const shown = choose(lines, level, text);
  if (e.log_lines === 0 && e.finished_at) {
    return (
      <Panel title="Log">
        <p className="p-3 text-sm text-muted">It wrote nothing.</p>
      </Panel>
    );
  }
  return (
    <Panel
      title="Log"
      aside={
        <span aria-live="polite" className="tnum">
          {isLoading ? "loading" : plural(shown.length, "line")}
          {shown.length !== lines.length && ` of ${lines.length}`}
        </span>
      }
    >
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-1.5">
        <input
          aria-label="Search log"
          placeholder="Search log"
          value={text}
          onChange={(event) => setText(event.target.value)}
          className="h-7 min-w-32 flex-1 rounded-md border border-strong bg-surface px-2 text-xs placeholder:text-subtle"
        />
        <select
          aria-label="Lowest level"
          value={level}
          onChange={(event) => setLevel(event.target.value as LogLevel)}
          className="h-7 rounded-md border border-strong bg-surface px-1 text-xs"
        >
          <option value="debug">All levels</option>
          <option value="info">Info and above</option>
          <option value="warning">Warnings and errors</option>
          <option value="error">Errors</option>
        </select>
        <Toggle icon={WrapText} label="Wrap" on={wrap} onToggle={() => setWrap(!wrap)} />
        <Toggle icon={ArrowDownToLine} label="Follow" on={follow} onToggle={() => setFollow(!follow)} />
      </div>
      <ErrorNote error={error} />
      <Lines key={String(wrap)} lines={shown} wrap={wrap} follow={follow} onLeave={() => setFollow(false)} />
    </Panel>
  );
}

function choose(lines: LogLine[], level: LogLevel, text: string) {
  const least = order.indexOf(level);
  const wanted = text.toLowerCase();
  if (least === 0 && !wanted) return lines;
  return lines.filter((l) => order.indexOf(l.level) >= least && l.text.toLowerCase().includes(wanted));
}

interface LinesProps {
  lines: LogLine[];
  wrap: boolean;
  follow: boolean;
  /** Called when somebody scrolls up: following would take the text away. */
  onLeave: () => void;
}

function Lines({ lines, wrap, follow, onLeave }: LinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const { line } = route.useSearch();
  const marked = Number(line) || undefined;
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => 24, // the line numbers are links, and links need 24 px
    overscan: 20,
  });
  const count = lines.length;
  useEffect(() => {
    if (follow && count) rows.scrollToIndex(count - 1, { align: "end" });
  }, [follow, count, rows]);
  const target = marked === undefined ? -1 : lines.findIndex((l) => l.number === marked);
  useEffect(() => {
    if (target < 0) return;
    rows.scrollToIndex(target, { align: "center" });
    box.current?.scrollIntoView({ block: "nearest" });
  }, [target, rows]);
  return (
    <div
      ref={box}
      role="log"
      aria-live="off"
      aria-label="Log"
      tabIndex={0}
      onWheel={(event) => event.deltaY < 0 && onLeave()}
      className="inset-focus max-h-96 min-h-10 overflow-auto bg-sunken py-1 font-mono text-xs"
    >
      <div className="relative" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => {
          const item = lines[row.index];
          if (!item) return null;
          return (
            <div
              key={row.key}
              ref={wrap ? rows.measureElement : undefined}
              data-index={row.index}
              className="absolute left-0 min-w-full"
              style={{ transform: `translateY(${row.start}px)`, width: wrap ? "100%" : undefined }}
            >
              <Line line={item} wrap={wrap} marked={item.number === marked} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Line({ line, wrap, marked }: { line: LogLine; wrap: boolean; marked: boolean }) {
  const { id } = route.useParams();
  return (
    <div className={`flex leading-6 ${marked ? "bg-selected text-fg" : tones[line.level]}`}>
      <route.Link
        to="/executions/$id"
        params={{ id }}
        search={{ line: String(line.number) }}
        replace
        resetScroll={false}
        aria-label={`Link to line ${line.number}`}
        className="w-14 shrink-0 select-none pr-3 text-right text-muted hover:underline"
      >
        {line.number}
      </route.Link>
      <span className="w-26 shrink-0 select-none text-muted max-md:hidden">{clock(line.at)}</span>
      <span className="w-16 shrink-0 max-md:hidden">{line.level}</span>
      <span className={`pr-3 ${wrap ? "min-w-0 whitespace-pre-wrap break-all" : "whitespace-pre"}`}>
        {line.text}
      </span>
    </div>
  );
}

interface ToggleProps {
  icon: typeof WrapText;
  label: string;
  on: boolean;
  onToggle: () => void;
}

function Toggle({ icon: Icon, label, on, onToggle }: ToggleProps) {
  return (
    <button
      type="button"
      aria-pressed={on}
      onClick={onToggle}
      className="flex h-7 items-center gap-1 rounded-md border border-line px-2 text-xs hover:bg-hover aria-pressed:border-accent aria-pressed:bg-selected"
    >
      <Icon size={12} aria-hidden />
      {label}
    </button>
  );
}
