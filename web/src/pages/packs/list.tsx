import { CircleCheck, Package, TriangleAlert, X } from "lucide-react";
import { useLiveQuery } from "../../api/queries";
import type { Change, ListPackStatus, PackStatus } from "../../api/types";
import { plural } from "../../lib/format";
import { useTitle } from "../../lib/hooks";
import { Badge } from "../../ui/badge";
import { Fact, Facts, ListHeader } from "../../ui/page";
import { Empty, Loaded } from "../../ui/states";
import { At } from "../../ui/time";
import { PackRights } from "./grants";
import { ModuleTable } from "./modules";
import { Policies } from "./policies";
import { RefList, SensorRefs, WebhookPaths } from "./refs";

export default function Packs() {
  useTitle("Packs");
  const packs = useLiveQuery<ListPackStatus>(["packs"], "/packs?limit=1000", patchPacks);
  return (
    <>
      <ListHeader title="Packs" note={packs.data && plural(packs.data.items?.length ?? 0, "pack")} />
      <Loaded query={packs}>{(data) => <Cards items={data.items ?? []} />}</Loaded>
    </>
  );
}

function patchPacks<T extends ListPackStatus>(data: T, change: Change): T {
  const { pack } = change;
  if (!pack) return data;
  const others = (data.items ?? []).filter((p) => p.name !== pack.name);
  return { ...data, items: [...others, pack].toSorted((a, b) => a.name.localeCompare(b.name)) };
}

/** The packs, those with something wrong first. */
function Cards({ items }: { items: PackStatus[] }) {
  if (items.length === 0) {
    return (
      <Empty icon={Package} title="No pack is installed">
        Put a pack into the packs directory: it is loaded while the server runs.
      </Empty>
    );
  }
  const sorted = items.toSorted((a, b) => Number(!!b.error) - Number(!!a.error));
  return (
    <section
      data-scroll-restoration-id="packs"
      tabIndex={0}
      aria-label="Packs"
      className="inset-focus min-h-0 flex-1 overflow-auto p-4"
    >
      <ul className="mx-auto flex max-w-5xl flex-col gap-4">
        {sorted.map((pack) => (
          <Card key={pack.name} pack={pack} />
        ))}
      </ul>
    </section>
  );
}

function Card({ pack }: { pack: PackStatus }) {
  return (
    <li
      id={pack.name}
      className={`overflow-hidden rounded-lg border bg-surface ${pack.error ? "border-bad-solid" : "border-line"}`}
    >
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2.5">
        <h2 className="text-lg font-semibold">{pack.name}</h2>
        <span className="tnum text-sm text-muted">{pack.version}</span>
        <PackBadge pack={pack} />
        <span className="text-sm text-muted">{pack.description}</span>
      </div>
      {pack.error && <Failure pack={pack} />}
      <div className="grid gap-5 p-4 md:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-4">
          {pack.in_service && (
            <>
              <RefList title="Actions" refs={pack.actions ?? []} />
              <RefList title="Rules" refs={pack.rules ?? []} link />
              {pack.sensors && <SensorRefs refs={pack.sensors} />}
              {pack.webhooks && <WebhookPaths paths={pack.webhooks} />}
            </>
          )}
          <Facts title="Files">
            <Fact name="Path" mono>
              {pack.path}
            </Fact>
            {pack.digest && (
              <Fact name="Digest" mono>
                <span title={pack.digest}>{pack.digest.slice(0, 19)}…</span>
              </Fact>
            )}
            {pack.loaded_at && (
              <Fact name="Loaded">
                <At at={pack.loaded_at} />
              </Fact>
            )}
            {pack.author && <Fact name="Author">{pack.author}</Fact>}
          </Facts>
        </div>
        {pack.in_service && <PackRights pack={pack.name} asked={pack.capabilities ?? {}} />}
        {pack.policies && <Policies pack={pack.name} />}
        {pack.in_service && <ModuleTable modules={pack.modules ?? []} />}
      </div>
    </li>
  );
}

function PackBadge({ pack }: { pack: PackStatus }) {
  if (!pack.error) return <Badge word="In service" tone="ok" icon={CircleCheck} />;
  return pack.in_service ? (
    <Badge word="Older version in service" tone="warn" icon={TriangleAlert} />
  ) : (
    <Badge word="Not in service" tone="bad" icon={X} />
  );
}

function Failure({ pack }: { pack: PackStatus }) {
  return (
    <div role="alert" className="bg-bad-subtle px-4 py-3">
      <p className="flex items-center gap-2 text-sm font-semibold text-bad">
        <TriangleAlert size={16} aria-hidden className="shrink-0" />
        The files on disk could not be loaded
      </p>
      <p className="mt-1.5 whitespace-pre-wrap break-words font-mono text-xs">{pack.error}</p>
      {pack.hint && <p className="mt-1.5 break-words text-sm text-muted">{pack.hint}</p>}
    </div>
  );
}
