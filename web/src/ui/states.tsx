import { CircleAlert, Inbox, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { Button } from "./button";

/** Shown after 150 ms only: what answers faster should not flicker. */
export function Loading({ label = "Loading" }: { label?: string }) {
  return (
    <div role="status" aria-label={label} className="skeleton space-y-3 p-4">
      {["w-3/5", "w-4/5", "w-2/5", "w-3/4"].map((width) => (
        <div key={width} className={`h-4 rounded bg-idle-subtle ${width}`} />
      ))}
    </div>
  );
}

export function Empty({
  icon: Icon = Inbox,
  title,
  children,
}: {
  icon?: LucideIcon;
  title: string;
  children?: ReactNode;
}) {
  return (
    <div className="mx-auto flex w-full max-w-2xl flex-col items-center gap-3 px-4 py-16 text-center">
      <Icon size={28} aria-hidden className="text-subtle" />
      <p className="text-lg font-semibold">{title}</p>
      <div className="w-full text-sm text-muted">{children}</div>
    </div>
  );
}

/** What happened, what to do next, and the id to ask about. */
export function ErrorState({ error, retry }: { error: Error; retry?: () => void }) {
  const problem = error instanceof ApiError ? error.problem : undefined;
  return (
    <div role="alert" className="mx-auto flex max-w-xl flex-col items-center gap-2 px-4 py-16 text-center">
      <CircleAlert size={28} aria-hidden className="text-bad" />
      <p className="text-lg font-semibold">{error.message}</p>
      {problem?.hint && <p className="text-sm text-muted">{problem.hint}</p>}
      {problem?.request_id && <p className="font-mono text-xs text-subtle">request {problem.request_id}</p>}
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

/** An error beside what it belongs to. */
export function ErrorNote({ error }: { error: Error | null | undefined }) {
  if (!error) return null;
  const { code, hint } = error instanceof ApiError ? error.problem : { code: "" };
  return (
    <p role="alert" className="break-words rounded-md bg-bad-subtle px-3 py-2 text-sm text-bad">
      {error.message} {code && <code className="font-mono text-xs">{code}</code>}
      {hint && <span className="block text-fg">{hint}</span>}
    </p>
  );
}

/** Chooses between loading, error and content. */
export function Loaded<T>({
  query,
  children,
}: {
  query: { data?: T; error: Error | null; refetch: () => unknown };
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  return <Loading />;
}
