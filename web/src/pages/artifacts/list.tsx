import { getRouteApi, Link } from "@tanstack/react-router";
import { FileBox, Flame } from "lucide-react";
import { useCallback } from "react";
import { query } from "../../api/client";
import { useLive, useLiveList } from "../../api/queries";
import type { Artifact } from "../../api/types";
import { bytes, shortId } from "../../lib/format";
import { useTitle } from "../../lib/hooks";
import { ListHeader, linkClass } from "../../ui/page";
import { Cell, Rows, rowLink } from "../../ui/rows";
import { Empty, ErrorState, Loading } from "../../ui/states";
import { Ago } from "../../ui/time";
import { isProfile } from "./media";

const route = getRouteApi("/shell/artifacts");

export default function Artifacts() {
  const { execution } = route.useSearch();
  useTitle("Artifacts");
  const list = useLiveList<Artifact>({
    key: ["artifacts", execution],
    path: (after) => `/artifacts${query({ execution, limit: 200, after })}`,
    pick: (change) => change.artifact,
    admits: (a) => !execution || a.execution === execution,
  });
  useLive((batch) => list.place(batch, true));
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return (
    <>
      <ListHeader title="Artifacts" note="files that executions kept" />
      {list.items.length > 0 ? (
        <Rows
          label="Artifacts"
          items={list.items}
          columns="grid-cols-[minmax(0,1fr)_minmax(0,1fr)_96px_130px_80px]"
          head={["Name", "Type", "Size", "Execution", "Kept"]}
          cells={ArtifactCells}
          onEnd={more}
        />
      ) : list.error ? (
        <ErrorState error={list.error} retry={() => void list.refetch()} />
      ) : list.isPending ? (
        <Loading label="Loading artifacts" />
      ) : (
        <Empty icon={FileBox} title="No files have been kept">
          Executions can keep heap dumps, reports and other files. They appear here.
        </Empty>
      )}
    </>
  );
}

function ArtifactCells({ item }: { item: Artifact }) {
  const Icon = isProfile(item) ? Flame : FileBox;
  return (
    <>
      <Cell className="max-md:flex-1">
        <Icon
          size={14}
          aria-hidden
          className={`mr-2 inline align-[-2px] ${isProfile(item) ? "text-time" : "text-subtle"}`}
        />
        <Link to="/artifacts/$id" params={{ id: item.id }} className={rowLink}>
          {item.name}
        </Link>
      </Cell>
      <Cell className="text-muted max-md:hidden">{item.media_type}</Cell>
      <Cell className="tnum text-muted max-md:order-2 max-md:text-xs">{bytes(item.size)}</Cell>
      <span aria-hidden className="order-2 h-0 basis-full md:hidden" />
      <Cell className="relative z-1 font-mono text-xs max-md:order-3">
        <Link to="/executions/$id" params={{ id: item.execution }} className={`max-md:hidden ${linkClass}`}>
          {shortId(item.execution)}
        </Link>
        <span className="text-muted md:hidden">{shortId(item.execution)}</span>
      </Cell>
      <Cell className="text-muted max-md:order-3 max-md:text-xs">
        <Ago at={item.created_at} />
      </Cell>
    </>
  );
}
