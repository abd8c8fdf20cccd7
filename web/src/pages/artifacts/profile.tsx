import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { query, read } from "../../api/client";
import type { List } from "../../api/extra";
import type { Artifact, Flame } from "../../api/types";
import { covered, layoutFlame, num, widest } from "../../lib/flame";
import { amount, count, growth, percent } from "../../lib/format";
import { Choice, SearchBox } from "../../ui/search";
import { Loaded } from "../../ui/states";
import { Breadcrumb } from "./breadcrumb";
import { FlameGraph } from "./flamegraph";
import { TopTable } from "./toptable";

const route = getRouteApi("/shell/artifacts/$id");

/** A pprof profile: the flame graph and, with the same facts, a table. */
export function Profile({ artifact }: { artifact: Artifact }) {
  const { sample, base } = route.useSearch();
  const flame = useQuery({
    queryKey: ["flame", artifact.id, sample, base],
    queryFn: ({ signal }) => read<Flame>(`/artifacts/${artifact.id}/flame${query({ sample, base })}`, signal),
    staleTime: Number.POSITIVE_INFINITY, // an artifact never changes
    placeholderData: keepPreviousData,
  });
  return <Loaded query={flame}>{(data) => <Shown flame={data} artifact={artifact} />}</Loaded>;
}

/** What drawing and table need of a profile, worked out once. */
function useModel(flame: Flame) {
  return useMemo(() => {
    const text = (i: number) => flame.strings[i] ?? "";
    return {
      layout: layoutFlame(flame),
      names: flame.functions.map((f) => text(f.name)),
      packages: flame.functions.map((f) => text(f.package)),
      places: flame.functions.map((f) => (f.line ? `${text(f.file)}:${f.line}` : text(f.file))),
    };
  }, [flame]);
}

export type Model = ReturnType<typeof useModel>;

function Shown({ flame, artifact }: { flame: Flame; artifact: Artifact }) {
  const { q = "", base, zoom: zoomText = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const model = useModel(flame);
  const hits = useMemo(() => find(model.names, q), [model, q]);
  const zoom = Math.min(Number(zoomText) || 0, model.layout.count - 1);
  const set = (change: { sample?: string; base?: string; q?: string; zoom?: string }, replace = false) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace });
  const zoomTo = (frame: number) => set({ zoom: frame > 0 ? String(frame) : undefined });
  const zoomToFunction = (fn: number) => {
    const frame = widest(model.layout, fn);
    if (frame >= 0) zoomTo(frame);
  };
  const share = hits && covered(model.layout, (fn) => hits.has(fn));
  return (
    <>
      <div className="flex shrink-0 flex-wrap items-center gap-2 border-b border-line bg-surface px-4 py-1.5">
        <SampleSwitch flame={flame} onChange={(sample) => set({ sample, zoom: undefined })} />
        <BaseChoice artifact={artifact} value={base} onChange={(id) => set({ base: id, zoom: undefined })} />
        <SearchBox
          label="Highlight functions"
          placeholder="Highlight functions"
          value={q}
          onChange={(text) => set({ q: text || undefined }, true)}
        />
        <p aria-live="polite" className="tnum text-xs text-subtle">
          {hits && share !== undefined
            ? `${count(hits.size)} functions, ${amount(share, flame.unit)} (${percent(share, flame.total)})`
            : `${amount(flame.total, flame.unit)} · ${count(flame.samples)} samples · ${count(flame.frame_count)} frames`}
          {flame.base && ` · ${growth(flame.total - flame.base.total, flame.unit)} since the base`}
          {flame.truncated && " · the smallest left out"}
        </p>
      </div>
      <Breadcrumb model={model} zoom={zoom} onZoom={zoomTo} />
      <div className="grid min-h-0 flex-1 max-lg:grid-rows-[minmax(0,3fr)_minmax(0,2fr)] lg:grid-cols-[400px_minmax(0,1fr)]">
        <TopTable key={base} flame={flame} model={model} hits={hits} onChoose={zoomToFunction} />
        <FlameGraph
          key={`${flame.sample} ${base}`}
          model={model}
          unit={flame.unit}
          zoom={zoom}
          hits={hits}
          onZoom={zoomTo}
          onOut={() => zoomTo(Math.max(0, num(model.layout.parent, zoom)))}
        />
      </div>
    </>
  );
}

function find(names: string[], text: string): Set<number> | undefined {
  if (!text) return undefined;
  const wanted = text.toLowerCase();
  return new Set(names.flatMap((name, i) => (name.toLowerCase().includes(wanted) ? [i] : [])));
}

/** On a phone the chosen one may lie beyond the edge. */
function bringIntoView(input: HTMLInputElement | null) {
  input?.parentElement?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function SampleSwitch({ flame, onChange }: { flame: Flame; onChange: (sample: string) => void }) {
  return (
    <fieldset className="flex min-w-0 max-w-full overflow-x-auto rounded-md border border-line">
      <legend className="sr-only">Sample type</legend>
      {flame.sample_types.map(({ type }) => (
        <label
          key={type}
          className="flex h-8 cursor-pointer items-center whitespace-nowrap rounded-md px-2.5 text-sm text-muted hover:bg-hover has-checked:bg-selected has-checked:font-medium has-checked:text-fg has-focus-visible:outline-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name="sample"
            className="sr-only"
            ref={type === flame.sample ? bringIntoView : undefined}
            checked={type === flame.sample}
            onChange={() => onChange(type)}
          />
          {type}
        </label>
      ))}
    </fieldset>
  );
}

interface BaseProps {
  artifact: Artifact;
  value?: string;
  onChange: (id?: string) => void;
}

/** What to compare with: the execution's other profiles, and one that the address names. */
function BaseChoice({ artifact, value, onChange }: BaseProps) {
  const { execution, media_type } = artifact;
  const others = useQuery({
    queryKey: ["profiles", execution, media_type],
    queryFn: ({ signal }) => read<List<Artifact>>(`/artifacts${query({ execution, media_type })}`, signal),
  });
  const options = (others.data?.items ?? [])
    .filter((a) => a.id !== artifact.id)
    .map((a): [string, string] => [a.id, `Compared with ${a.name}`]);
  if (value && !options.some(([id]) => id === value)) options.push([value, `Compared with ${value}`]);
  if (options.length === 0) return null;
  return (
    <Choice
      label="Compare with"
      value={value ?? ""}
      options={[["", "Not compared"], ...options]}
      onChange={(id) => onChange(id || undefined)}
    />
  );
}
