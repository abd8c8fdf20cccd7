import { Link } from "@tanstack/react-router";
import { Check, CircleSlash, Eye, Minus, Pause, X } from "lucide-react";
import type { ReactNode } from "react";
import type { CriterionResult, Outcome, Verdict } from "../api/types";
import { inline } from "../lib/format";
import { Badge, type Look } from "./badge";
import { breakable, linkClass } from "./page";
import { At } from "./time";

const outcomes: Record<Outcome, Look> = {
  matched: { word: "Matched", tone: "ok", icon: Check },
  not_matched: { word: "Not matched", tone: "idle", icon: Minus },
  suppressed: { word: "Suppressed", tone: "warn", icon: Pause },
  error: { word: "Error", tone: "bad", icon: CircleSlash },
};

interface Props {
  verdict: Verdict;
  /** Which side is not known yet. */
  about?: "rule" | "event";
  /** What can be done about it. */
  action?: ReactNode;
}

/** What tells verdicts about one event, or of one rule, apart. */
export const verdictKey = (v: Verdict) => `${v.event} ${v.rule} ${v.item ?? ""}`;

/** One rule's decision about one event or one item of its list. */
export function VerdictCard({ verdict: v, about = "rule", action }: Props) {
  return (
    <div className="px-3 py-2.5">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
        <Badge {...outcomes[v.outcome]} />
        {about === "rule" ? (
          <Link
            to="/rules/$ref"
            params={{ ref: v.rule }}
            search={{ event: v.event }}
            className={`wrap-anywhere font-medium ${linkClass}`}
          >
            {breakable(v.rule)}
          </Link>
        ) : (
          <Link to="/events/$id" params={{ id: v.event }} className={`font-mono text-xs ${linkClass}`}>
            {v.event}
          </Link>
        )}
        {v.item !== undefined && <span className="tnum text-muted">item {v.item}</span>}
        {v.observed && <Badge word="Observed" tone="idle" icon={Eye} />}
        <span className="tnum text-muted">{heldText(v)}</span>
        <span className="ml-auto flex flex-wrap items-center gap-2">
          {v.execution && (
            <Link
              to="/executions/$id"
              params={{ id: v.execution }}
              className={`text-xs ${linkClass}`}
              aria-label={`Execution ${v.execution}`}
            >
              execution
            </Link>
          )}
          {action}
        </span>
      </div>
      {v.control && (
        <p className="mt-1.5 break-words text-sm text-muted">
          <b className="font-medium text-fg">{v.control}</b>: {v.reason}
        </p>
      )}
      {v.released_by && (
        <p className="mt-1 text-sm text-muted">
          released by {v.released_by} <At at={v.released_at ?? ""} />
        </p>
      )}
      {v.error && (
        <p className="mt-1.5 break-words rounded bg-bad-subtle px-2 py-1 text-sm text-bad">{v.error}</p>
      )}
      <Criteria items={v.criteria ?? []} />
    </div>
  );
}

function heldText(v: Verdict) {
  if (v.total === 0) return "no criteria: every event matches";
  if (v.held === v.total) return v.total === 1 ? "its criterion held" : `all ${v.total} criteria held`;
  return `${v.held} of ${v.total} held`;
}

/** What each criterion expected, and what it saw; the members of groups further in. */
export function Criteria({ items }: { items: CriterionResult[] }) {
  if (items.length === 0) return null;
  return (
    <ul className="mt-2 space-y-1.5">
      {items.map((c, i) => (
        // A group has no key, and a key may stand twice; the order never changes.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <li key={i} className="flex items-start gap-2 text-xs">
          <Truth of={c} />
          <div className="min-w-0 flex-1">
            <Condition of={c} />
          </div>
        </li>
      ))}
    </ul>
  );
}

const groupWords: Record<string, string> = { any: "any of", all: "all of", not: "none of" };

function Condition({ of: c }: { of: CriterionResult }) {
  const isGroup = !c.key && c.operator in groupWords;
  return (
    <>
      {c.key && <span className="wrap-anywhere font-mono">{breakable(c.key)}</span>}{" "}
      <b className="font-medium">{isGroup ? groupWords[c.operator] : c.operator}</b>{" "}
      {!isGroup && <code className="wrap-anywhere font-mono">{inline(c.pattern)}</code>}
      {(c.error || !isGroup) && (
        <div className="break-all text-muted">
          {c.error ? (
            <span className="text-bad">{c.error}</span>
          ) : (
            <>
              was <code className="font-mono">{inline(c.actual)}</code>
            </>
          )}
        </div>
      )}
      <Criteria items={c.members ?? []} />
    </>
  );
}

function Truth({ of: c }: { of: CriterionResult }) {
  const [Icon, word, tone] = c.error
    ? ([CircleSlash, "Error", "text-bad"] as const)
    : c.matched
      ? ([Check, "True", "text-ok"] as const)
      : ([X, "False", "text-bad"] as const);
  return (
    <span className={`inline-flex w-14 shrink-0 items-center gap-1 font-medium ${tone}`}>
      <Icon size={12} aria-hidden />
      {word}
    </span>
  );
}
