import type { Execution } from "../../api/types";
import { duration } from "../../lib/format";
import { useNow } from "../../lib/hooks";
import { extent, type Span, timeline } from "../../lib/timeline";
import { solidClass, statusLook } from "../../ui/badge";
import { Panel } from "../../ui/page";

const ticks = [0, 0.25, 0.5, 0.75, 1];

/** When what happened, to scale. */
export function Timeline({ execution, receivedAt }: { execution: Execution; receivedAt?: string }) {
  const now = useNow(500, !execution.finished_at);
  const spans = timeline(execution, receivedAt, now);
  const whole = extent(spans);
  return (
    <Panel title="Timeline" aside={<span className="tnum">{duration(whole.length * 1e6)} in all</span>}>
      <div aria-hidden className="flex px-3 pt-1.5 text-2xs text-subtle max-md:hidden">
        <span className="w-[38%] shrink-0" />
        <span className="tnum flex flex-1 justify-between">
          {ticks.map((t) => (
            <span key={t}>{t === 0 ? "0" : duration(t * whole.length * 1e6)}</span>
          ))}
        </span>
        <span className="w-18 shrink-0" />
      </div>
      <ol className="py-1">
        {spans.map((span) => (
          <Row key={span.key} span={span} from={whole.from} length={whole.length} />
        ))}
      </ol>
    </Panel>
  );
}

function Row({ span, from, length }: { span: Span; from: number; length: number }) {
  const left = (100 * (span.from - from)) / length;
  const width = (100 * (span.to - span.from)) / length;
  const took = span.kind === "mark" ? "" : duration((span.to - span.from) * 1e6);
  return (
    <li className="flex min-h-7 items-center px-3 text-sm hover:bg-hover max-md:flex-col max-md:items-stretch max-md:py-1.5">
      <span
        className="flex min-w-0 shrink-0 items-baseline gap-2 md:w-[38%] md:pr-3"
        style={{ paddingLeft: span.depth * 16 }}
      >
        <span className={`whitespace-nowrap ${span.kind === "call" ? "font-mono text-xs" : ""}`}>
          {span.label}
        </span>
        {span.status && span.kind === "attempt" && (
          <span className="whitespace-nowrap text-xs text-subtle">{statusLook(span.status).word}</span>
        )}
        <span title={span.problem || span.detail} className="truncate text-xs text-subtle">
          {span.problem ? <span className="text-bad">{span.problem}</span> : span.detail}
        </span>
        <span className="tnum ml-auto whitespace-nowrap text-xs text-subtle md:hidden">{took}</span>
      </span>
      <span aria-hidden className="relative h-7 md:flex-1 max-md:h-3">
        <Bar span={span} left={left} width={width} />
      </span>
      <span className="tnum w-18 shrink-0 text-right text-xs text-muted max-md:hidden">{took}</span>
    </li>
  );
}

function Bar({ span, left, width }: { span: Span; left: number; width: number }) {
  if (span.kind === "mark") {
    return (
      <span
        className="absolute top-2.5 size-2 -translate-x-1 rotate-45 bg-accent max-md:top-1 max-md:translate-x-0"
        style={{ left: `${left}%` }}
      />
    );
  }
  const look =
    span.kind === "wait"
      ? "border border-dashed border-strong"
      : solidClass(statusLook(span.status ?? "running").tone);
  return (
    <span
      className={`absolute rounded-sm max-md:top-1 max-md:h-2 ${look} ${span.kind === "call" ? "top-2.5 h-2 opacity-80" : "top-1.5 h-4"}`}
      style={{ left: `${left}%`, width: `max(3px, ${width}%)` }}
    />
  );
}
