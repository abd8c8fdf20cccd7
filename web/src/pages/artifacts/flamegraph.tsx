import {
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
  useEffect,
  useEffectEvent,
  useRef,
  useState,
} from "react";
import { type Direction, frameAt, neighbour, num } from "../../lib/flame";
import { paint, rowHeightFor } from "../../lib/flamepaint";
import { amount, percent } from "../../lib/format";
import { useIsDark } from "../../lib/theme";
import type { Model } from "./profile";

interface Props {
  model: Model;
  unit: string;
  zoom: number;
  hits?: Set<number>;
  onZoom: (frame: number) => void;
  onOut: () => void;
}

const arrows: Record<string, Direction> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
};

/** The profile to scale: click or Enter zooms in, Backspace out, arrows move. */
export function FlameGraph({ model, unit, zoom, hits, onZoom, onOut }: Props) {
  const box = useRef<HTMLElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [hover, setHover] = useState<{ frame: number; x: number; y: number }>();
  const [selected, setSelected] = useState(-1);
  const dark = useIsDark();
  const { layout } = model;
  const room = useHeight(box);
  const rowHeight = rowHeightFor(layout.maxDepth + 1, room);
  const redraw = useEffectEvent(() => {
    if (canvas.current) paint(canvas.current, { ...model, zoom, selected, hits, dark, rowHeight });
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew when what is drawn changes
  useEffect(() => redraw(), [model, zoom, selected, hits, dark, rowHeight]);
  useEffect(() => {
    const observer = new ResizeObserver(() => redraw());
    if (canvas.current) observer.observe(canvas.current);
    // Text is measured in the font that draws it, which may still be on its way.
    void document.fonts.load("11px 'JetBrains Mono Variable'").then(() => redraw());
    return () => observer.disconnect();
  }, []);

  const under = (event: PointerEvent<HTMLCanvasElement> | React.MouseEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const x = num(layout.x, zoom) + ((event.clientX - box.left) / box.width) * num(layout.width, zoom);
    return frameAt(layout, Math.floor((event.clientY - box.top) / rowHeight), x);
  };
  const move = (event: PointerEvent<HTMLCanvasElement>) => {
    const frame = under(event);
    setHover(frame < 0 ? undefined : { frame, x: event.clientX, y: event.clientY });
  };
  const press = (event: KeyboardEvent) => {
    const direction = arrows[event.key];
    const from = selected < 0 ? zoom : selected;
    if (direction) setSelected(neighbour(layout, from, direction));
    else if (event.key === "Enter") onZoom(from);
    else if (event.key === "Backspace") onOut();
    else if (event.key === "0" || event.key === "Escape") onZoom(0);
    else return;
    event.preventDefault();
  };
  const height = (layout.maxDepth + 1) * rowHeight;
  return (
    <section
      ref={box}
      aria-label="Flame graph"
      className="relative min-h-0 overflow-auto bg-surface"
      onScroll={() => setHover(undefined)}
    >
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label="Flame graph. Arrow keys move, Enter zooms in, Backspace zooms out. The table holds the same facts."
        aria-describedby="flame-selected"
        className="inset-focus block min-h-full w-full font-mono"
        style={{ height }}
        onPointerMove={move}
        onPointerLeave={() => setHover(undefined)}
        onClick={(event) => {
          const frame = under(event);
          if (frame >= 0) onZoom(frame);
        }}
        onKeyDown={press}
      />
      <p id="flame-selected" aria-live="polite" className="sr-only">
        {selected >= 0 && describe(model, selected, unit)}
      </p>
      {hover && <Tip model={model} unit={unit} {...hover} />}
    </section>
  );
}

/** The height of what is there to fill. */
function useHeight(box: RefObject<HTMLElement | null>) {
  const [height, setHeight] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(() => setHeight(box.current?.clientHeight ?? 0));
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, [box]);
  return height;
}

function describe(model: Model, frame: number, unit: string) {
  const { layout } = model;
  const total = num(layout.total, frame);
  const name = frame === 0 ? "all" : model.names[num(layout.fn, frame)];
  return `${name}: ${amount(total, unit)}, ${percent(total, num(layout.total, 0))} of all`;
}

function Tip({
  model,
  unit,
  frame,
  x,
  y,
}: {
  model: Model;
  unit: string;
  frame: number;
  x: number;
  y: number;
}) {
  const { layout } = model;
  const fn = num(layout.fn, frame);
  const whole = num(layout.total, 0);
  const right = x > innerWidth / 2;
  return (
    <div
      aria-hidden
      className="pointer-events-none fixed z-20 max-w-105 rounded-md border border-line bg-surface px-3 py-2 text-xs shadow-lg"
      style={{
        top: Math.min(y + 16, innerHeight - 90),
        ...(right ? { right: innerWidth - x + 12 } : { left: x + 12 }),
      }}
    >
      <p className="break-all font-mono font-medium">{frame === 0 ? "all" : model.names[fn]}</p>
      {frame > 0 && <p className="break-all font-mono text-2xs text-subtle">{model.places[fn]}</p>}
      <p className="tnum mt-1 text-muted">
        total {amount(num(layout.total, frame), unit)} ({percent(num(layout.total, frame), whole)}) · self{" "}
        {amount(num(layout.self, frame), unit)}
      </p>
    </div>
  );
}
