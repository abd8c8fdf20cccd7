import { Link } from "@tanstack/react-router";
import { useLiveQuery } from "../../api/queries";
import type { ListPolicyStatus, PolicyStatus } from "../../api/types";
import { linkClass } from "../../ui/page";
import { ErrorNote } from "../../ui/states";

/** What bounds how the pack's actions run, and whom it holds back at the moment. */
export function Policies({ pack }: { pack: string }) {
  const all = useLiveQuery<ListPolicyStatus>(["policies"], "/policies", (data) => data);
  const items = (all.data?.items ?? []).filter((p) => p.pack === pack);
  return (
    <section className="min-w-0 md:col-span-2">
      <h3 className="mb-1.5 text-xs font-semibold text-subtle">
        Policies <span className="tnum font-normal">{items.length}</span>
      </h3>
      <ErrorNote error={all.error} />
      <ul className="flex flex-col gap-2 text-sm">
        {items.map((p) => (
          <li key={p.ref} className="break-words">
            <span className="font-mono text-xs">{p.name}</span>{" "}
            <Link
              to="/executions"
              search={{ action: p.resource_ref, status: "delayed" }}
              className={linkClass}
            >
              {p.resource_ref}
            </Link>
            : {says(p)}
            <span className="tnum text-muted">
              {" "}
              · {p.running} running, {p.waiting} waiting for it, {p.queued} in the queue
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const seconds = (nanos = 0) => `${nanos / 1e9} s`;

function says(p: PolicyStatus) {
  return (p.enabled ? "" : "disabled, ") + whatItDoes(p);
}

function whatItDoes(p: PolicyStatus) {
  const others = p.action === "cancel" ? "others are canceled" : "others wait";
  switch (p.policy_type) {
    case "action.concurrency":
      return `${p.threshold} at a time, ${others}`;
    case "action.concurrency.attr":
      return `${p.threshold} at a time with the same ${p.attributes?.join(", ")}, ${others}`;
    case "action.retry":
      return `${p.max_retry_count} more after a ${p.retry_on}, ${seconds(p.delay)} apart`;
    case "rate":
      return `${p.limit} in ${seconds(p.window)}, ${others}`;
    default:
      return `at most ${p.max_depth} wait, more are refused`;
  }
}
