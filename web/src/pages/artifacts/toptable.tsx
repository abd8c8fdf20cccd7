import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import type { Flame } from "../../api/types";
import { amount, growth, percent, shortFunction } from "../../lib/format";
import type { Model } from "./profile";

type Key = "name" | "self" | "total" | "self_delta";

interface Props {
  flame: Flame;
  model: Model;
  hits?: Set<number>;
  /** A row was chosen: show its function in the graph. */
  onChoose: (fn: number) => void;
}

/** The functions by weight. It tells by keyboard what the picture tells by sight. */
export function TopTable({ flame, model, hits, onChoose }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const compared = flame.base !== undefined;
  const [sort, setSort] = useState<{ key: Key; up: boolean }>({
    key: compared ? "self_delta" : "self",
    up: false,
  });
  const top = useMemo(() => {
    const rows = (flame.top ?? []).filter((row) => !hits || hits.has(row.function));
    const name = (fn: number) => model.names[fn] ?? "";
    const sign = sort.up ? 1 : -1;
    if (sort.key === "name")
      return rows.toSorted((a, b) => sign * name(a.function).localeCompare(name(b.function)));
    const { key } = sort;
    return rows.toSorted((a, b) => sign * ((a[key] ?? 0) - (b[key] ?? 0)));
  }, [flame, model, hits, sort]);
  const rows = useVirtualizer({
    count: top.length,
    getScrollElement: () => box.current,
    estimateSize: () => 32,
    overscan: 10,
  });
  const choose = (key: Key) => setSort((old) => ({ key, up: old.key === key ? !old.up : key === "name" }));
  const columns = compared ? 4 : 3;
  const shown = rows.getVirtualItems();
  const above = shown[0]?.start ?? 0;
  const below = rows.getTotalSize() - (shown.at(-1)?.end ?? 0);
  return (
    <section
      ref={box}
      tabIndex={0}
      aria-label="Functions by weight"
      className="inset-focus min-h-0 overflow-auto border-line bg-surface max-lg:order-2 max-lg:border-t lg:border-r"
    >
      <table className="w-full table-fixed text-xs" data-top>
        <caption className="sr-only">Functions by weight</caption>
        <thead className="sticky top-0 z-10 bg-bg">
          <tr className="h-8 text-left text-subtle">
            <Head name="Function" k="name" sort={sort} onSort={choose} />
            {compared && <Head name="Grew" k="self_delta" sort={sort} onSort={choose} className="w-22" />}
            <Head name="Self" k="self" sort={sort} onSort={choose} className="w-22" />
            <Head name="Total" k="total" sort={sort} onSort={choose} className="w-22" />
          </tr>
        </thead>
        <tbody>
          <Spacer height={above} columns={columns} />
          {shown.map((row) => {
            const item = top[row.index];
            if (!item) return null;
            return (
              <tr key={item.function} className="h-8 border-t border-line hover:bg-hover">
                <td className="px-2">
                  <button
                    type="button"
                    onClick={() => onChoose(item.function)}
                    title={model.names[item.function]}
                    className="inset-focus block min-h-6 w-full truncate text-left font-mono"
                  >
                    {shortFunction(model.names[item.function] ?? "")}
                  </button>
                </td>
                {compared && (
                  <td
                    className="tnum px-2 text-right"
                    title={`with callees ${growth(item.total_delta ?? 0, flame.unit)}`}
                  >
                    {growth(item.self_delta ?? 0, flame.unit)}
                  </td>
                )}
                <Amount value={item.self} flame={flame} />
                <Amount value={item.total} flame={flame} />
              </tr>
            );
          })}
          <Spacer height={below} columns={columns} />
        </tbody>
      </table>
      {top.length === 0 && <p className="p-3 text-sm text-muted">No function matches.</p>}
    </section>
  );
}

/** A column more than the head has would take its share of the width. */
function Spacer({ height, columns }: { height: number; columns: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden>
      <td colSpan={columns} className="p-0" style={{ height }} />
    </tr>
  );
}

function Amount({ value, flame }: { value: number; flame: Flame }) {
  return (
    <td className="tnum px-2 text-right" title={percent(value, flame.total)}>
      {amount(value, flame.unit)}
    </td>
  );
}

interface HeadProps {
  name: string;
  k: Key;
  sort: { key: Key; up: boolean };
  onSort: (key: Key) => void;
  className?: string;
}

function Head({ name, k, sort, onSort, className = "" }: HeadProps) {
  const active = sort.key === k;
  const Arrow = sort.up ? ArrowUp : ArrowDown;
  return (
    <th
      scope="col"
      aria-sort={active ? (sort.up ? "ascending" : "descending") : "none"}
      className={`px-2 font-medium ${className}`}
    >
      <button
        type="button"
        onClick={() => onSort(k)}
        className={`inset-focus flex h-8 w-full items-center gap-1 hover:text-fg ${k === "name" ? "" : "justify-end"}`}
      >
        {name}
        {active && <Arrow size={12} aria-hidden />}
      </button>
    </th>
  );
}
