import type { ReactNode } from "react";
import type { Criterion, Flow, Group, Rule } from "../../api/types";
import { inline } from "../../lib/format";
import { breakable, Fact, Facts } from "../../ui/page";

/** All that must hold: criteria, groups and the expression. */
export function Conditions({ of: rule }: { of: Rule }) {
  const members = [
    ...(rule.criteria ?? []).map((criterion) => ({ criterion })),
    ...(rule.groups ?? []).map((group) => ({ group })),
  ];
  if (members.length === 0 && !rule.when) return <p className="text-sm text-muted">always</p>;
  return (
    <>
      <Members of={members} />
      {rule.when && (
        <p className="mt-1 font-mono text-xs wrap-anywhere">
          <b className="font-medium font-sans">when</b> {rule.when}
        </p>
      )}
    </>
  );
}

function Members({ of }: { of: { criterion?: Criterion; group?: Group }[] }) {
  return (
    <ul className="flex flex-col gap-1 font-mono text-xs">
      {of.map(({ criterion: c, group: g }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the order is the rule's and never changes
        <li key={i} className="wrap-anywhere">
          {c && (
            <>
              {breakable(c.key)} <b className="font-sans font-medium">{c.operator}</b> {inline(c.pattern)}
            </>
          )}
          {g && (
            <>
              <b className="font-sans font-medium">{words[g.kind] ?? g.kind}</b>
              <div className="mt-1 border-line border-l pl-3">
                <Members of={g.members ?? []} />
              </div>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

const words: Record<string, string> = { any: "any of", all: "all of", not: "none of" };

/** How often it may act; nothing when it always may. */
export function Controls({ of: flow }: { of: Flow }) {
  const { count, dedupe, throttle, debounce } = flow;
  if (!count && !dedupe && !throttle && !debounce) return null;
  return (
    <Facts title="How often">
      {count && (
        <Control name="count" of={count.key}>
          from the {count.at_least}th event within {count.within}
        </Control>
      )}
      {dedupe && (
        <Control name="dedupe" of={dedupe.key}>
          once for equal events within {dedupe.window}
        </Control>
      )}
      {throttle && (
        <Control name="throttle" of={throttle.key}>
          {throttle.limit} in {throttle.per}
        </Control>
      )}
      {debounce && (
        <Control name="debounce" of={debounce.key}>
          for the last of a burst, after {debounce.for} of silence
          {debounce.max && debounce.max !== "0s" && `, at the latest after ${debounce.max}`}
        </Control>
      )}
    </Facts>
  );
}

function Control({ name, of: key, children }: { name: string; of: string; children: ReactNode }) {
  return (
    <Fact name={name}>
      {children}
      {key && (
        <>
          {" "}
          per <code className="break-all font-mono text-xs">{key}</code>
        </>
      )}
    </Fact>
  );
}
