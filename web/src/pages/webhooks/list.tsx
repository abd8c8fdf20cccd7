import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleSlash, Eye, Lock, LockOpen, RotateCw, Webhook as WebhookIcon } from "lucide-react";
import { read } from "../../api/client";
import type { Delivery, ListDelivery, ListWebhook, Webhook } from "../../api/types";
import { plural } from "../../lib/format";
import { useTitle } from "../../lib/hooks";
import { Badge } from "../../ui/badge";
import { CopyIcon } from "../../ui/copy";
import { ListHeader, linkClass, Panel } from "../../ui/page";
import { Empty, Loaded } from "../../ui/states";
import { Ago } from "../../ui/time";

/** The webhooks that rules listen to, who may send, and what was not simply accepted. */
export default function Webhooks() {
  useTitle("Webhooks");
  const webhooks = useQuery({
    queryKey: ["webhooks"],
    queryFn: ({ signal }) => read<ListWebhook>("/webhooks", signal),
  });
  return (
    <>
      <ListHeader title="Webhooks" note={webhooks.data && plural(webhooks.data.items.length, "webhook")} />
      <Loaded query={webhooks}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon={WebhookIcon} title="No rule listens to a webhook">
              A rule with the trigger core.st2.webhook makes one.
            </Empty>
          ) : (
            <section
              data-scroll-restoration-id="webhooks"
              tabIndex={0}
              aria-label="Webhooks"
              className="inset-focus min-h-0 flex-1 overflow-auto p-4"
            >
              <div className="mx-auto flex max-w-5xl flex-col gap-4">
                <ul className="flex flex-col gap-3">
                  {items.map((w) => (
                    <Card key={w.path} webhook={w} />
                  ))}
                </ul>
                <Deliveries />
              </div>
            </section>
          )
        }
      </Loaded>
    </>
  );
}

function Senders({ webhook: w }: { webhook: Webhook }) {
  if (w.closed) return <Badge word="Nobody: not declared" tone="bad" icon={CircleSlash} />;
  if (w.auth === "none") return <Badge word="Anybody may send" tone="warn" icon={LockOpen} />;
  if (w.observe) return <Badge word={`${w.auth}, only observed`} tone="warn" icon={Eye} />;
  return <Badge word={w.auth} tone="ok" icon={Lock} />;
}

function Card({ webhook: w }: { webhook: Webhook }) {
  const curl = `curl -H 'Content-Type: application/json' -d '{}' ${w.url}`;
  return (
    <li className="rounded-lg border border-line bg-surface">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5">
        <h2 className="min-w-0 break-all font-semibold">{w.path}</h2>
        <Senders webhook={w} />
        {w.pack && (
          <span className="text-sm text-muted">
            by pack{" "}
            <Link to="/packs" hash={w.pack} className={linkClass}>
              {w.pack}
            </Link>
          </span>
        )}
        <span className="text-sm text-muted">
          Rules:{" "}
          {w.rules.map((ref) => (
            <Link key={ref} to="/rules/$ref" params={{ ref }} className={`${linkClass} mr-2 break-all`}>
              {ref}
            </Link>
          ))}
        </span>
        <Counts webhook={w} />
      </div>
      <div className="flex items-center gap-2 border-t border-line px-4 py-2">
        <code className="min-w-0 flex-1 break-all font-mono text-xs text-muted">{curl}</code>
        <CopyIcon text={curl} label={`Copy the curl line of ${w.path}`} />
      </div>
    </li>
  );
}

/** What came since the server started. */
function Counts({ webhook: w }: { webhook: Webhook }) {
  const { accepted, rejected, observed, duplicate, last_at } = w.counts;
  return (
    <span className="tnum ml-auto text-sm text-muted">
      {accepted} accepted
      {rejected > 0 && <span className="text-bad"> · {rejected} rejected</span>}
      {observed > 0 && <span className="text-warn"> · {observed} observed</span>}
      {duplicate > 0 && ` · ${duplicate} again`}
      {last_at && (
        <>
          {" "}
          · <Ago at={last_at} />
        </>
      )}
    </span>
  );
}

function Deliveries() {
  const deliveries = useQuery({
    queryKey: ["deliveries"],
    queryFn: ({ signal }) => read<ListDelivery>("/deliveries?limit=20", signal),
    refetchInterval: 5000,
  });
  const items = deliveries.data?.items ?? [];
  return (
    <Panel title="Not simply accepted" aside="the latest 20">
      {items.length === 0 && <p className="p-3 text-sm text-muted">Every delivery was accepted.</p>}
      <ul className="divide-y divide-line">
        {items.map((d) => (
          <Row key={d.id} delivery={d} />
        ))}
      </ul>
    </Panel>
  );
}

const looks = {
  rejected: { word: "Rejected", tone: "bad", icon: CircleSlash },
  observed: { word: "Observed", tone: "warn", icon: Eye },
  duplicate: { word: "Duplicate", tone: "idle", icon: RotateCw },
} as const;

function Row({ delivery: d }: { delivery: Delivery }) {
  const look = looks[d.outcome as keyof typeof looks] ?? looks.rejected;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2 text-sm">
      <Badge {...look} />
      <span className="break-all font-mono text-xs">{d.webhook}</span>
      <span className="min-w-0 flex-1 break-words text-muted">{d.message}</span>
      {d.event && (
        <Link to="/events/$id" params={{ id: d.event }} className={linkClass}>
          event
        </Link>
      )}
      <Ago at={d.at} />
    </li>
  );
}
