import { Link } from "@tanstack/react-router";
import { Check, CircleSlash, X } from "lucide-react";
import type { CriterionResult, Verdict } from "../api/types";
import { inline } from "../lib/format";
import { OutcomeBadge } from "./badge";
import { breakable, linkClass } from "./page";

/** One rule's decision about one event. About says which side is already known. */
export function VerdictCard({ verdict: v, about = "rule" }: { verdict: Verdict; about?: "rule" | "event" }) {
  return (
    <div className="px-3 py-2.5">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
        <OutcomeBadge outcome={v.outcome} />
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
        <span className="tnum text-muted">{heldText(v)}</span>
        {v.execution && (
          <Link
            to="/executions/$id"
            params={{ id: v.execution }}
            className={`ml-auto text-xs ${linkClass}`}
            aria-label={`Execution ${v.execution}`}
          >
            execution
          </Link>
        )}
      </div>
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

/** What each criterion expected, and what it saw. */
export function Criteria({ items }: { items: CriterionResult[] }) {
  if (items.length === 0) return null;
  return (
    <ul className="mt-2 space-y-1.5">
      {items.map((c) => (
        <li key={`${c.key} ${c.operator}`} className="flex items-start gap-2 text-xs">
          <Truth of={c} />
          <div className="min-w-0 flex-1">
            <span className="wrap-anywhere font-mono">{breakable(c.key)}</span>{" "}
            <b className="font-medium">{c.operator}</b>{" "}
            <code className="wrap-anywhere font-mono">{inline(c.pattern)}</code>
            <div className="break-all text-muted">
              {c.error ? (
                <span className="text-bad">{c.error}</span>
              ) : (
                <>
                  was <code className="font-mono">{inline(c.actual)}</code>
                </>
              )}
            </div>
          </div>
        </li>
      ))}
    </ul>
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
