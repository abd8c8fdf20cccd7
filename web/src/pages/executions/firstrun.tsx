import { useQuery } from "@tanstack/react-query";
import { Zap } from "lucide-react";
import { read } from "../../api/client";
import type { List, Webhook } from "../../api/types";
import { CommandLine } from "../../ui/copy";
import { Empty } from "../../ui/states";

/** What to do when nothing has ever run. */
export function FirstRun() {
  const webhooks = useQuery({
    queryKey: ["webhooks"],
    queryFn: ({ signal }) => read<List<Webhook>>("/webhooks", signal),
  });
  const hook = webhooks.data?.items?.[0];
  return (
    <Empty icon={Zap} title="Nothing has run yet">
      {hook && (
        <>
          <p className="mb-2">
            Send an event to <b>{hook.path}</b>
            {hook.rules?.length ? `; ${hook.rules.join(", ")} listens there` : ""}:
          </p>
          <CommandLine text={curl(hook)} />
        </>
      )}
      <p className="mb-2 mt-4">Or run an action by hand:</p>
      <CommandLine text="squall run core.echo -p message=hello" />
      <p className="mt-4">What runs appears here by itself.</p>
    </Empty>
  );
}

function curl(hook: Webhook) {
  return `curl -X POST ${hook.url} -H 'Content-Type: application/json' -d '{"message": "hello"}'`;
}
