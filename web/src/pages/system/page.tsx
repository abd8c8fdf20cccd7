import { useQuery } from "@tanstack/react-query";
import { Check as CheckMark, CircleCheck, RotateCw, TriangleAlert, X } from "lucide-react";
import { read } from "../../api/client";
import type { Check, CheckStatus, ListCheck, Version } from "../../api/types";
import { plural } from "../../lib/format";
import { useTitle } from "../../lib/hooks";
import { Badge, type Tone } from "../../ui/badge";
import { Button } from "../../ui/button";
import { CommandLine } from "../../ui/copy";
import { Fact, Facts, ListHeader, linkClass, Panel } from "../../ui/page";
import { Loaded } from "../../ui/states";
import { Changes } from "./changes";
import { History } from "./history";

const looks: Record<CheckStatus, { word: string; tone: Tone; icon: typeof CheckMark }> = {
  ok: { word: "OK", tone: "ok", icon: CheckMark },
  warning: { word: "Warning", tone: "warn", icon: TriangleAlert },
  failed: { word: "Failed", tone: "bad", icon: X },
};

/** Whether the server is well, and which build it is. */
export default function System() {
  useTitle("System");
  const checks = useQuery({
    queryKey: ["doctor"],
    queryFn: ({ signal }) => read<ListCheck>("/doctor", signal),
  });
  return (
    <>
      <ListHeader title="System" note={checks.data && plural(checks.data.items.length, "check")}>
        <Button icon={RotateCw} disabled={checks.isFetching} onClick={() => void checks.refetch()}>
          Check again
        </Button>
      </ListHeader>
      <section
        data-scroll-restoration-id="system"
        tabIndex={0}
        aria-label="System"
        className="inset-focus min-h-0 flex-1 overflow-auto p-4"
      >
        <div className="mx-auto flex max-w-4xl flex-col gap-4">
          <Loaded query={checks}>{(data) => <Checks items={data.items} />}</Loaded>
          <Changes />
          <History />
          <About />
        </div>
      </section>
    </>
  );
}

function Checks({ items }: { items: Check[] }) {
  return (
    <>
      <Verdict items={items} />
      <Panel title="Checks">
        <ul className="divide-y divide-line">
          {items.map((check) => (
            <li
              key={check.name}
              className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 px-3 py-2 md:grid-cols-[88px_140px_1fr]"
            >
              <span>
                <Badge {...looks[check.status]} />
              </span>
              <span className="text-sm font-medium first-letter:uppercase">{check.name}</span>
              <div className="min-w-0 text-sm max-md:col-span-2">
                <p className="wrap-anywhere text-muted">{check.detail}</p>
                {check.hint && <p className="wrap-anywhere mt-0.5">{check.hint}</p>}
              </div>
            </li>
          ))}
        </ul>
      </Panel>
    </>
  );
}

/** The answer in one line, before the reasons. */
function Verdict({ items }: { items: Check[] }) {
  const failed = items.filter((check) => check.status === "failed").length;
  const warnings = items.filter((check) => check.status === "warning").length;
  const [Icon, tone, text] = failed
    ? ([X, "text-bad", `${plural(failed, "check")} failed.`] as const)
    : warnings
      ? ([TriangleAlert, "text-warn", `It works, with ${plural(warnings, "warning")}.`] as const)
      : ([CircleCheck, "text-ok", "The server is well."] as const);
  return (
    <p
      role="status"
      className="flex items-center gap-2 rounded-lg border border-line bg-surface px-4 py-2.5 text-sm"
    >
      <Icon size={16} aria-hidden className={`shrink-0 ${tone}`} />
      {text}
    </p>
  );
}

function About() {
  const version = useQuery({
    queryKey: ["version"],
    queryFn: ({ signal }) => read<Version>("/version", signal),
  });
  return (
    <Panel title="About">
      <div className="flex flex-col gap-3 p-3">
        {version.data && (
          <Facts>
            <Fact name="Version">{version.data.version}</Fact>
            {version.data.commit && (
              <Fact name="Commit" mono>
                {version.data.commit}
              </Fact>
            )}
            <Fact name="Built with">{version.data.go}</Fact>
          </Facts>
        )}
        <CommandLine text="squall doctor" />
        <a className={linkClass} href="/api/v1/backup" download>
          Download a backup
        </a>
      </div>
    </Panel>
  );
}
