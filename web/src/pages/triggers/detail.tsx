import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { read } from "../../api/client";
import { useLive } from "../../api/queries";
import type { Trigger } from "../../api/types";
import { useTitle } from "../../lib/hooks";
import { CommandLine, CopyIcon } from "../../ui/copy";
import { JsonView } from "../../ui/json";
import { DetailHeader, Fact, Facts, linkClass, Panel } from "../../ui/page";
import { Loaded } from "../../ui/states";
import { Ago } from "../../ui/time";
import { Sender } from "./sender";

const route = getRouteApi("/shell/triggers/$ref");

export default function TriggerPage() {
  const { ref } = route.useParams();
  const queries = useQueryClient();
  const key = ["trigger", ref];
  const answer = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => read<Trigger>(`/triggers/${encodeURIComponent(ref)}`, signal),
  });
  useLive((batch) => {
    if (batch.some((c) => c.event?.trigger === ref)) void queries.invalidateQueries({ queryKey: key });
  });
  return <Loaded query={answer}>{(data) => <Detail key={ref} trigger={data} />}</Loaded>;
}

function Detail({ trigger }: { trigger: Trigger }) {
  const { ref } = trigger;
  useTitle(ref, "Trigger");
  return (
    <>
      <DetailHeader
        parent={{ to: "/triggers", label: "Triggers" }}
        crumb={
          <>
            <span className="truncate font-mono">{ref}</span>
            <CopyIcon text={ref} label="Copy name" />
          </>
        }
        title={ref}
        note={trigger.description}
      />
      <section
        data-scroll-restoration-id={ref}
        tabIndex={0}
        aria-label="Trigger"
        className="inset-focus min-h-0 flex-1 overflow-auto"
      >
        <div className="grid gap-4 p-4 xl:grid-cols-2">
          <div className="flex min-w-0 flex-col gap-4">
            <Use trigger={trigger} />
            <Sender trigger={trigger} />
          </div>
          <div className="flex min-w-0 flex-col gap-4">
            <Schema title="Payload" value={trigger.payload_schema} />
            <Schema title="Parameters" value={trigger.parameters_schema} />
          </div>
        </div>
      </section>
    </>
  );
}

const checks = {
  reject: "What does not fit the schema is refused.",
  warn: "What does not fit the schema is taken in with a warning.",
};

function Use({ trigger }: { trigger: Trigger }) {
  return (
    <Panel title="Use">
      <div className="flex flex-col gap-3 p-3">
        <Facts>
          <Fact name="Rules">
            {trigger.rules.length === 0 && "none"}
            <ul>
              {trigger.rules.map((rule) => (
                <li key={rule}>
                  <Link to="/rules/$ref" params={{ ref: rule }} className={linkClass}>
                    {rule}
                  </Link>
                </li>
              ))}
            </ul>
          </Fact>
          <Fact name="Last event">
            {trigger.last_event ? (
              <Link to="/events" search={{ trigger: trigger.ref }} className={linkClass}>
                <Ago at={trigger.last_event} />
              </Link>
            ) : (
              "none yet"
            )}
          </Fact>
          {trigger.payload_check && <Fact name="Payload">{checks[trigger.payload_check]}</Fact>}
        </Facts>
        <CommandLine text={`squall trigger get ${trigger.ref}`} />
      </div>
    </Panel>
  );
}

function Schema({ title, value }: { title: string; value?: Record<string, unknown> }) {
  return (
    <Panel title={title} aside={value && "JSON Schema"}>
      {value ? (
        <JsonView value={value} label={`${title} schema`} open={4} />
      ) : (
        <p className="p-3 text-sm text-muted">No schema: everything fits.</p>
      )}
    </Panel>
  );
}
