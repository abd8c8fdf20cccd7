import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { CircleSlash, GitBranch, Power } from "lucide-react";
import { read } from "../../api/client";
import type { ListRule, Rule } from "../../api/types";
import { plural } from "../../lib/format";
import { useTitle } from "../../lib/hooks";
import { Badge } from "../../ui/badge";
import { ListHeader } from "../../ui/page";
import { Cell, Rows, rowLink } from "../../ui/rows";
import { SearchBox } from "../../ui/search";
import { Empty, Loaded } from "../../ui/states";

const route = getRouteApi("/shell/rules");

export default function Rules() {
  const { q = "" } = route.useSearch();
  const navigate = route.useNavigate();
  useTitle("Rules");
  const rules = useQuery({
    queryKey: ["rules"],
    queryFn: ({ signal }) => read<ListRule>("/rules?limit=1000", signal),
  });
  const items = (rules.data?.items ?? [])
    .map((rule) => ({ ...rule, id: `${rule.pack}.${rule.name}` }))
    .filter((rule) =>
      `${rule.id} ${rule.description} ${rule.trigger.type} ${rule.action.ref}`
        .toLowerCase()
        .includes(q.toLowerCase()),
    );
  return (
    <>
      <ListHeader title="Rules" note={rules.data && plural(items.length, "rule")} />
      <div className="flex shrink-0 border-b border-line bg-surface px-4 py-1.5">
        <SearchBox
          label="Filter rules"
          placeholder="name, trigger or action"
          value={q}
          onChange={(text) => void navigate({ search: { q: text || undefined } })}
        />
      </div>
      <Loaded query={rules}>
        {() =>
          items.length > 0 ? (
            <Rows
              label="Rules"
              items={items}
              columns="grid-cols-[100px_minmax(0,1fr)_minmax(0,1fr)_minmax(0,1fr)]"
              head={["State", "Rule", "Trigger", "Action"]}
              cells={RuleCells}
            />
          ) : (
            <Empty icon={GitBranch} title={q ? "No rules match the filter" : "There are no rules"}>
              {!q && "Rules connect events to actions. They live in the rules folder of a pack."}
            </Empty>
          )
        }
      </Loaded>
    </>
  );
}

function RuleCells({ item }: { item: Rule & { id: string } }) {
  const first = Object.entries(item.trigger.parameters ?? {})[0];
  return (
    <>
      <Cell className="flex max-md:order-2 max-md:ml-auto">
        <StateBadge enabled={item.enabled} />
      </Cell>
      <Cell className="max-md:order-1 max-md:flex-1">
        <Link to="/rules/$ref" params={{ ref: item.id }} className={rowLink}>
          {item.id}
        </Link>
      </Cell>
      <span aria-hidden className="order-2 h-0 basis-full md:hidden" />
      <Cell className="text-muted max-md:order-3 max-md:text-xs">
        {item.trigger.type}
        {first && ` · ${first[0]} ${String(first[1])}`}
      </Cell>
      <Cell className="text-muted max-md:order-3 max-md:text-xs">
        <span className="md:hidden">→ </span>
        {item.action.ref}
      </Cell>
    </>
  );
}

export function StateBadge({ enabled }: { enabled: boolean }) {
  return enabled ? (
    <Badge word="Enabled" tone="ok" icon={Power} />
  ) : (
    <Badge word="Disabled" tone="idle" icon={CircleSlash} />
  );
}
