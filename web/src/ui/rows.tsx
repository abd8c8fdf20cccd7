import { useVirtualizer } from "@tanstack/react-virtual";
import { type ComponentType, memo, type ReactNode, useEffect, useRef, useState } from "react";
import { useIsNarrow } from "../lib/hooks";
import { useKeys } from "../lib/keys";

interface Props<T extends { id: string }> {
  label: string;
  items: T[];
  /** The grid's columns from 768 px on; below, a row is a card of two lines. */
  columns: string;
  head: string[];
  /** The cells of one row. It must hold one link with the class "row-link". */
  cells: ComponentType<{ item: T }>;
  /** Called when the last rows come into view. */
  onEnd?: () => void;
  /** Called when rows may or may not move: at the top, and no pointer over them. */
  onCalm?: (calm: boolean) => void;
  foot?: ReactNode;
}

/** The class that makes a row's link cover the row. */
export const rowLink = "row-link font-medium after:absolute after:inset-0 after:content-['']";

/** A list of any length: only what is seen is in the document. j and k move. */
export function Rows<T extends { id: string }>(props: Props<T>) {
  const { items, columns, head, cells, label, onEnd, onCalm } = props;
  const box = useRef<HTMLDivElement>(null);
  const narrow = useIsNarrow();
  const height = narrow ? 60 : 36;
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    getItemKey: (i) => items[i]?.id ?? i,
    overscan: 8,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: measures anew when the height changes
  useEffect(() => rows.measure(), [height]);
  const cursor = useCursor(box, items, (i) => rows.scrollToIndex(i));
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= items.length - 10) onEnd?.();
  }, [last, items.length, onEnd]);

  const calm = useRef({ top: true, over: false });
  const tell = (change: Partial<{ top: boolean; over: boolean }>) => {
    Object.assign(calm.current, change);
    onCalm?.(calm.current.top && !calm.current.over);
  };
  const template = narrow ? "" : columns;
  return (
    <div
      ref={box}
      data-scroll-restoration-id={label}
      role="table"
      aria-label={label}
      aria-rowcount={items.length + 1}
      tabIndex={0}
      onScroll={(e) => tell({ top: e.currentTarget.scrollTop < 4 })}
      onPointerEnter={(e) => e.pointerType === "mouse" && tell({ over: true })}
      onPointerLeave={() => tell({ over: false })}
      className="inset-focus min-h-0 flex-1 overflow-auto bg-surface"
    >
      <div role="rowgroup" className="sticky top-0 z-10 max-md:sr-only">
        <div
          role="row"
          aria-rowindex={1}
          className={`grid h-8 items-center gap-3 border-b border-line bg-bg px-4 text-xs font-medium text-subtle ${template}`}
        >
          {head.map((name) => (
            <div key={name} role="columnheader" className="truncate">
              {name}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className="relative" style={{ height: rows.getTotalSize() }}>
        {shown.map((row) => {
          const item = items[row.index];
          if (!item) return null;
          return (
            <Row
              key={row.key}
              item={item}
              index={row.index}
              top={row.start}
              height={height}
              columns={template}
              current={item.id === cursor}
              cells={cells as ComponentType<{ item: { id: string } }>}
            />
          );
        })}
      </div>
      {props.foot}
    </div>
  );
}

interface RowProps {
  item: { id: string };
  index: number;
  top: number;
  height: number;
  columns: string;
  current: boolean;
  cells: ComponentType<{ item: { id: string } }>;
}

const Row = memo(function Row({ item, index, top, height, columns, current, cells: Cells }: RowProps) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      data-id={item.id}
      style={{ transform: `translateY(${top}px)`, height }}
      className={`absolute inset-x-0 items-center gap-x-3 border-b border-line px-4 text-sm hover:bg-hover max-md:flex max-md:flex-wrap max-md:content-center md:grid ${columns} ${current ? "bg-selected" : ""}`}
    >
      <Cells item={item} />
    </div>
  );
});

/** The row that j and k chose; their link has the focus, so Enter opens it. */
function useCursor(
  box: React.RefObject<HTMLDivElement | null>,
  items: { id: string }[],
  scrollTo: (index: number) => void,
) {
  const [cursor, setCursor] = useState<string>();
  const find = (id?: string) =>
    box.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id ?? "")}"] .row-link`);
  const move = (step: number) => {
    const now = items.findIndex((item) => item.id === cursor);
    const next = items[Math.min(Math.max(now + step, 0), items.length - 1)];
    if (!next) return;
    setCursor(next.id);
    scrollTo(items.indexOf(next));
    requestAnimationFrame(() => find(next.id)?.focus({ preventScroll: true }));
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => (activeLink() ?? find(cursor))?.click(),
  });
  return cursor;
}

/** Enter belongs to whatever link or button has the focus. */
function activeLink() {
  const active = document.activeElement;
  return active instanceof HTMLElement && active.matches("a, button") ? active : null;
}

export function Cell({ children, className = "" }: { children?: ReactNode; className?: string }) {
  return (
    <div role="cell" className={`min-w-0 truncate ${className}`}>
      {children}
    </div>
  );
}
