import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Eye } from "lucide-react";
import { read } from "../../api/client";
import { useLive } from "../../api/queries";
import type { Rule, RuleDetail, Verdict } from "../../api/types";
import { inline, plural } from "../../lib/format";
import { useTitle } from "../../lib/hooks";
import { Badge } from "../../ui/badge";
import { CopyIcon } from "../../ui/copy";
import { DetailHeader, Fact, Facts, Panel } from "../../ui/page";
import { Loaded } from "../../ui/states";
import { VerdictCard, verdictKey } from "../../ui/verdict";
import { Conditions, Controls } from "./conditions";
import { StateBadge } from "./list";
import { Release } from "./release";
import { Replay } from "./replay";
import { Tester } from "./tester";

const route = getRouteApi("/shell/rules/$ref");

export default function RulePage() {
  const { ref } = route.useParams();
  const { event } = route.useSearch();
  const queries = useQueryClient();
  const key = ["rule", ref];
  const answer = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => read<RuleDetail>(`/rules/${encodeURIComponent(ref)}`, signal),
  });
  // Any event of the rule's trigger may have brought a verdict.
  const trigger = answer.data?.rule.trigger.type;
  useLive((batch) => {
    if (batch.some((c) => c.event?.trigger === trigger)) void queries.invalidateQueries({ queryKey: key });
  });
  return (
    <Loaded query={answer}>
      {(data) => (
        <Detail key={ref} name={ref} rule={data.rule} verdicts={data.verdicts ?? []} event={event} />
      )}
    </Loaded>
  );
}

interface Props {
  name: string;
  rule: Rule;
  verdicts: Verdict[];
  event?: string;
}

function Detail({ name, rule, verdicts, event }: Props) {
  useTitle(name, "Rule");
  return (
    <>
      <DetailHeader
        parent={{ to: "/rules", label: "Rules" }}
        crumb={
          <>
            <span className="truncate font-mono">{name}</span>
            <CopyIcon text={name} label="Copy name" />
          </>
        }
        title={name}
        badge={
          <>
            <StateBadge enabled={rule.enabled} />
            {rule.mode === "observe" && <Badge word="Only observes" tone="warn" icon={Eye} />}
          </>
        }
        note={rule.description}
      />
      <section
        data-scroll-restoration-id={name}
        tabIndex={0}
        aria-label="Rule"
        className="inset-focus min-h-0 flex-1 overflow-auto"
      >
        <div className="grid gap-4 p-4 xl:grid-cols-2">
          <div className="flex min-w-0 flex-col gap-4">
            <Definition rule={rule} />
            <Tester name={name} event={event ?? verdicts[0]?.event} />
            <Replay name={name} />
          </div>
          <Panel
            title="Recent verdicts"
            aside={plural(new Set(verdicts.map((v) => v.event)).size, "event")}
            className="self-start"
          >
            {verdicts.length === 0 && (
              <p className="p-3 text-sm text-muted">It has not looked at an event yet.</p>
            )}
            <ul className="divide-y divide-line">
              {verdicts.map((verdict) => (
                <li key={verdictKey(verdict)}>
                  <VerdictCard verdict={verdict} about="event" action={<Release verdict={verdict} />} />
                </li>
              ))}
            </ul>
          </Panel>
        </div>
      </section>
    </>
  );
}

/** The rule as a sentence: when, if, then. */
function Definition({ rule }: { rule: Rule }) {
  const file = rule.position?.file;
  return (
    <Panel title="Definition" aside={file && <span className="font-mono">{file}</span>}>
      <div className="flex flex-col gap-4 p-3">
        <Facts title="When">
          <Fact name="Trigger" mono>
            {rule.trigger.type}
          </Fact>
          <Parameters of={rule.trigger.parameters} />
          {rule.foreach && (
            <Fact name="For each" mono>
              {rule.foreach}
            </Fact>
          )}
          {rule.backstop && <Fact name="Backstop">asked only when no other rule matched</Fact>}
        </Facts>
        <section>
          <h3 className="mb-1.5 text-xs font-semibold text-subtle">If</h3>
          <Conditions of={rule} />
        </section>
        {rule.flow && <Controls of={rule.flow} />}
        <Facts title={rule.mode === "observe" ? "Then it would (it only observes)" : "Then"}>
          <Fact name="Action" mono>
            {rule.action.ref}
          </Fact>
          <Parameters of={rule.action.parameters} />
        </Facts>
      </div>
    </Panel>
  );
}

function Parameters({ of }: { of?: Record<string, unknown> }) {
  return Object.entries(of ?? {}).map(([key, value]) => (
    <Fact key={key} name={key} mono>
      {typeof value === "string" ? value : inline(value)}
    </Fact>
  ));
}
