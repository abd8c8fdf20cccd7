import { ChevronRight, Maximize2 } from "lucide-react";
import { Fragment } from "react";
import { num, pathTo } from "../../lib/flame";
import type { Model } from "./profile";

/** The way from the root to the frame that fills the width. */
export function Breadcrumb({
  model,
  zoom,
  onZoom,
}: {
  model: Model;
  zoom: number;
  onZoom: (frame: number) => void;
}) {
  if (zoom <= 0) return null;
  const path = pathTo(model.layout, zoom);
  const shown = path.length > 6 ? [0, ...path.slice(-4)] : path;
  return (
    <nav
      aria-label="Zoom path"
      className="flex shrink-0 items-center gap-1 overflow-x-auto border-b border-line bg-surface px-4 py-1 text-xs"
    >
      <button
        type="button"
        onClick={() => onZoom(0)}
        className="mr-1 flex h-6 shrink-0 items-center gap-1 rounded px-1 text-accent hover:bg-hover"
      >
        <Maximize2 size={12} aria-hidden />
        Show all
      </button>
      {shown.map((frame, i) => (
        <Fragment key={frame}>
          {i > 0 && <ChevronRight size={12} aria-hidden className="shrink-0 text-subtle" />}
          {i === 1 && shown.length < path.length && <span className="text-subtle">…</span>}
          <button
            type="button"
            onClick={() => onZoom(frame)}
            aria-current={frame === zoom ? "true" : undefined}
            className="h-6 max-w-72 shrink-0 truncate rounded px-1 font-mono text-muted hover:bg-hover aria-[current]:text-fg"
          >
            {frame === 0 ? "all" : model.names[num(model.layout.fn, frame)]}
          </button>
        </Fragment>
      ))}
    </nav>
  );
}
