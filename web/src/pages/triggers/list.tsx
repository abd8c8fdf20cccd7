import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Siren } from "lucide-react";
import { read } from "../../api/client";
import type { ListTrigger, Trigger } from "../../api/types";
import { plural } from "../../lib/format";
import { useTitle } from "../../lib/hooks";
import { ListHeader } from "../../ui/page";
import { Cell, Rows, rowLink } from "../../ui/rows";
import { SearchBox } from "../../ui/search";
import { Empty, Loaded } from "../../ui/states";
import { Ago } from "../../ui/time";

const route = getRouteApi("/shell/triggers");

export default function Triggers() {
  const { q = "" } = route.useSearch();
  const navigate = route.useNavigate();
  useTitle("Triggers");
  const triggers = useQuery({
    queryKey: ["triggers"],
    queryFn: ({ signal }) => read<ListTrigger>("/triggers", signal),
  });
  const items = (triggers.data?.items ?? [])
    .map((trigger) => ({ ...trigger, id: trigger.ref }))
    .filter((trigger) => `${trigger.ref} ${trigger.description}`.toLowerCase().includes(q.toLowerCase()));
  return (
    <>
      <ListHeader title="Triggers" note={triggers.data && plural(items.length, "type")} />
      <div className="flex shrink-0 border-b border-line bg-surface px-4 py-1.5">
        <SearchBox
          label="Filter triggers"
          placeholder="name or description"
          value={q}
          onChange={(text) => void navigate({ search: { q: text || undefined } })}
        />
      </div>
      <Loaded query={triggers}>
        {() =>
          items.length > 0 ? (
            <Rows
              label="Triggers"
              items={items}
              columns="grid-cols-[minmax(0,2fr)_80px_120px_minmax(0,3fr)]"
              head={["Trigger", "Rules", "Last event", "Description"]}
              cells={TriggerCells}
            />
          ) : (
            <Empty icon={Siren} title={q ? "No triggers match the filter" : "There are no triggers"}>
              {!q && "Packs declare the kinds of events that rules listen to in their triggers folder."}
            </Empty>
          )
        }
      </Loaded>
    </>
  );
}

function TriggerCells({ item }: { item: Trigger & { id: string } }) {
  return (
    <>
      <Cell className="max-md:order-1 max-md:flex-1">
        <Link to="/triggers/$ref" params={{ ref: item.ref }} className={rowLink}>
          {item.ref}
        </Link>
      </Cell>
      <Cell className="text-muted max-md:order-2 max-md:ml-auto max-md:text-xs">
        {item.rules.length}
        <span className="md:hidden"> {item.rules.length === 1 ? "rule" : "rules"}</span>
      </Cell>
      <Cell className="text-muted max-md:hidden">{item.last_event ? <Ago at={item.last_event} /> : "–"}</Cell>
      <span aria-hidden className="order-2 h-0 basis-full md:hidden" />
      <Cell className="text-muted max-md:order-3 max-md:text-xs">{item.description}</Cell>
    </>
  );
}
