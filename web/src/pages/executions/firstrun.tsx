import { useQuery } from "@tanstack/react-query";
import { Zap } from "lucide-react";
import { read } from "../../api/client";
import type { ListWebhook, Webhook } from "../../api/types";
import { CommandLine } from "../../ui/copy";
import { Empty } from "../../ui/states";

/** What to do when nothing has ever run: one line to paste into a terminal. */
export function FirstRun() {
  const webhooks = useQuery({
    queryKey: ["webhooks"],
    queryFn: ({ signal }) => read<ListWebhook>("/webhooks", signal),
  });
  const hooks = webhooks.data?.items ?? [];
  const hook = hooks.find((h) => h.path === "hello") ?? hooks[0];
  return (
    <Empty icon={Zap} title="Nothing has run yet">
      {hook && (
        <>
          <p className="mb-2">
            Send an event. {hook.rules?.[0] && <b className="font-medium text-fg">{hook.rules[0]}</b>} listens
            to the webhook {hook.path}:
          </p>
          <CommandLine text={curl(hook)} />
        </>
      )}
      {webhooks.data && !hook && <p>No rule listens to a webhook. Install a pack that has one.</p>}
      <p className="mt-4">What runs appears here by itself.</p>
    </Empty>
  );
}

function curl(hook: Webhook) {
  return `curl -H 'Content-Type: application/json' -d '{"name": "storm"}' ${hook.url}`;
}
