import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Check, ScrollText, X } from "lucide-react";
import { query, read } from "../../api/client";
import type { AuditRecord, ListAuditRecord } from "../../api/types";
import { useTitle } from "../../lib/hooks";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { ListHeader } from "../../ui/page";
import { Chip, Choice, periods, SearchBox } from "../../ui/search";
import { Empty, Loaded } from "../../ui/states";
import { Ago } from "../../ui/time";
import { Chain } from "./chain";
import { Target } from "./target";

const route = getRouteApi("/shell/audit");

const outcomes: [string, string][] = [
  ["", "Any outcome"],
  ["false", "Done"],
  ["true", "Refused or failed"],
];

const kinds =
  "action execution event verdict change changes key keys secret pack sensor artifact session token backup retention".split(
    " ",
  );

/** Who changed what, newest first, and whether the chain of it holds. */
export default function Audit() {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  useTitle("Audit");
  const list = useInfiniteQuery({
    queryKey: ["audit", filter],
    queryFn: ({ pageParam, signal }) =>
      read<ListAuditRecord>(`/audit${query({ ...filter, after: pageParam, limit: 100 })}`, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
    refetchInterval: 15_000,
  });
  const change = (part: Partial<typeof filter>) => void navigate({ search: { ...filter, ...part } });
  const isFiltered = Object.values(filter).some(Boolean);
  const known = !filter.kind || kinds.includes(filter.kind) ? kinds : [...kinds, filter.kind];
  return (
    <>
      <ListHeader title="Audit" note="who changed what">
        <Chain />
      </ListHeader>
      <div
        role="search"
        className="flex shrink-0 flex-wrap gap-2 border-b border-line bg-surface px-4 py-1.5"
      >
        <SearchBox
          label="Filter by user"
          placeholder="user"
          value={filter.user ?? ""}
          onChange={(text) => change({ user: text.trim() || undefined })}
        >
          {filter.id && <Chip name="id" value={filter.id} onRemove={() => change({ id: undefined })} />}
          {filter.verb && (
            <Chip name="verb" value={filter.verb} onRemove={() => change({ verb: undefined })} />
          )}
        </SearchBox>
        <Choice
          label="Kind"
          value={filter.kind ?? ""}
          options={[["", "Anything"], ...known.map((kind): [string, string] => [kind, kind])]}
          onChange={(kind) => change({ kind: kind || undefined })}
        />
        <Choice
          label="Outcome"
          value={filter.failed ?? ""}
          options={outcomes}
          onChange={(failed) => change({ failed: failed || undefined })}
        />
        <Choice
          label="Time range"
          value={filter.since ?? ""}
          options={periods}
          onChange={(since) => change({ since: since || undefined })}
        />
      </div>
      <Loaded query={list}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          if (items.length === 0)
            return (
              <Empty icon={ScrollText} title={isFiltered ? "Nothing matches" : "Nothing was changed yet"} />
            );
          return (
            <Table items={items}>
              {list.hasNextPage && (
                <div className="p-3 text-center">
                  <Button onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>
                    Show older
                  </Button>
                </div>
              )}
            </Table>
          );
        }}
      </Loaded>
    </>
  );
}

function Table({ items, children }: { items: AuditRecord[]; children: React.ReactNode }) {
  return (
    <section
      data-scroll-restoration-id="audit"
      tabIndex={0}
      aria-label="Audit records"
      className="inset-focus min-h-0 flex-1 overflow-auto bg-surface"
    >
      <table className="w-full table-fixed text-left text-sm">
        <thead className="sticky top-0 z-10 bg-bg text-xs text-subtle">
          <tr className="border-b border-line">
            <th className="w-24 px-4 py-1.5 font-medium max-md:w-22">When</th>
            <th className="w-44 px-2 py-1.5 font-medium max-md:w-18">Who</th>
            <th className="px-2 py-1.5 font-medium">What</th>
            <th className="w-1/4 px-2 py-1.5 font-medium max-md:hidden">Detail</th>
            <th className="w-40 px-2 py-1.5 font-medium max-md:w-24">Outcome</th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {items.map((record) => (
            <Row key={record.seq} record={record} />
          ))}
        </tbody>
      </table>
      {children}
    </section>
  );
}

function Row({ record: r }: { record: AuditRecord }) {
  const from = [r.via, r.remote].filter(Boolean).join(", ");
  const detail = Object.entries(r.detail ?? {}).map(([name, text]) => `${name}=${text}`);
  return (
    <tr data-seq={r.seq} className="hover:bg-hover">
      <td className="px-4 py-1 text-muted">
        <Ago at={r.at} />
      </td>
      <td className="truncate px-2 py-1" title={`${r.user || "nobody known"} (${from})`}>
        {r.user || <span className="text-muted">{r.via || "nobody known"}</span>}
        {r.user && <span className="text-xs text-subtle max-md:hidden"> {from}</span>}
      </td>
      <td className="px-2 py-1 max-md:wrap-anywhere md:truncate" title={`${r.verb} ${r.kind} ${r.id}`}>
        <b className="font-medium">{r.verb}</b> {r.kind} <Target record={r} />
      </td>
      <td
        className="truncate px-2 py-1 font-mono text-xs text-muted max-md:hidden"
        title={detail.join("\n") || undefined}
      >
        {detail.join(" ")}
      </td>
      <td className="truncate px-2 py-1" title={`record ${r.seq}, ${r.hash}`}>
        <Badge
          word={r.outcome === "ok" ? "Done" : r.outcome}
          tone={r.outcome === "ok" ? "ok" : "bad"}
          icon={r.outcome === "ok" ? Check : X}
        />
      </td>
    </tr>
  );
}
