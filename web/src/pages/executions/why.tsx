import { Link } from "@tanstack/react-router";
import { Ban, CircleCheck, LoaderCircle, TriangleAlert } from "lucide-react";
import { lazy, type ReactNode, Suspense } from "react";
import type { Execution } from "../../api/types";
import { plural } from "../../lib/format";
import { statusLook } from "../../ui/badge";
import { linkClass } from "../../ui/page";
import { isProfile } from "../artifacts/media";

// Most have ended, or run, when somebody looks.
const Waits = lazy(() => import("./waits"));

/** What became of it, first of all: why it failed, or that it went well. */
export function Why({ execution: e }: { execution: Execution }) {
  switch (e.status) {
    case "failed":
    case "timed_out":
      return <Failure execution={e} />;
    case "canceled":
      return <Line icon={Ban} tone="text-idle" text={e.message || "Somebody stopped it."} />;
    case "succeeded":
      return <Success execution={e} />;
    case "running":
      return <Line icon={LoaderCircle} turning tone="text-run" text={`Attempt ${e.attempts} is running.`} />;
    default:
      return (
        <Suspense>
          <Waits execution={e} />
        </Suspense>
      );
  }
}

function Failure({ execution: e }: { execution: Execution }) {
  const late = e.status === "timed_out";
  return (
    <section
      role="alert"
      className={`rounded-lg border p-4 ${late ? "border-time-solid bg-time-subtle" : "border-bad-solid bg-bad-subtle"}`}
    >
      <h2 className={`flex items-center gap-2 text-sm font-semibold ${late ? "text-time" : "text-bad"}`}>
        <TriangleAlert size={16} aria-hidden />
        {late ? "Why it timed out" : "Why it failed"}
        <span className="font-normal">
          {e.code && <code className="font-mono text-xs">{e.code}</code>}
          {e.attempts > 0 && ` · attempt ${e.attempts} of ${Math.max(e.max_attempts, e.attempts)}`}
        </span>
      </h2>
      <p className="mt-2 whitespace-pre-wrap break-words font-mono text-sm">
        {e.message || `${statusLook(e.status).word}, without a message.`}
      </p>
      {e.hint && <p className="mt-2 break-words text-sm text-muted">{e.hint}</p>}
      {e.trace && (
        <details className="mt-2 text-sm">
          <summary className="cursor-pointer py-0.5 text-muted">Stack of the guest</summary>
          <pre tabIndex={0} className="mt-1 overflow-auto rounded bg-surface p-2 font-mono text-xs">
            {e.trace}
          </pre>
        </details>
      )}
    </section>
  );
}

/** It went well; a profile is what somebody came for, so it is one click away. */
function Success({ execution: e }: { execution: Execution }) {
  const profile = e.artifacts?.find(isProfile);
  return (
    <Line icon={CircleCheck} tone="text-ok" text={successText(e)}>
      {profile && (
        <Link
          to="/artifacts/$id"
          params={{ id: profile.id }}
          className={`ml-auto whitespace-nowrap font-medium ${linkClass}`}
        >
          Open flame graph
        </Link>
      )}
    </Line>
  );
}

interface LineProps {
  icon: typeof CircleCheck;
  tone: string;
  text: string;
  turning?: boolean;
  children?: ReactNode;
}

function Line({ icon: Icon, tone, text, turning, children }: LineProps) {
  return (
    <p className="flex items-center gap-2 rounded-lg border border-line bg-surface px-4 py-2.5 text-sm">
      <Icon size={16} aria-hidden className={`shrink-0 ${tone} ${turning ? "spin" : ""}`} />
      <span className="break-words">{text}</span>
      {children}
    </p>
  );
}

function successText(e: Execution) {
  const kept = e.artifacts?.length ?? 0;
  const files = kept === 1 ? e.artifacts?.[0]?.name : plural(kept, "file");
  const tries = e.attempts > 1 ? ` at attempt ${e.attempts}` : "";
  return `It succeeded${tries}${kept ? ` and kept ${files}` : ""}.`;
}
