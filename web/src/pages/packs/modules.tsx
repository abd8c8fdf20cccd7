import { ChevronDown, ChevronRight, Recycle, SquarePlus } from "lucide-react";
import { useId, useState } from "react";
import type { PackModule } from "../../api/types";
import { bytes, count, plural } from "../../lib/format";
import { Fact, Facts } from "../../ui/page";

/** The files of code in the pack: what each is and asks for, more on demand. */
export function ModuleTable({ modules }: { modules: PackModule[] }) {
  if (modules.length === 0) return null;
  return (
    <section className="min-w-0 md:col-span-2">
      <h3 className="mb-1.5 text-xs font-semibold text-subtle">
        Modules <span className="tnum font-normal">{modules.length}</span>
      </h3>
      <div className="overflow-hidden rounded-md border border-line">
        <table className="w-full text-left text-sm">
          <thead className="bg-sunken text-xs text-subtle">
            <tr>
              <Head>File</Head>
              <Head>Kind</Head>
              <Head right>Size</Head>
              <Head wide>After a run</Head>
              <Head wide>Host functions</Head>
            </tr>
          </thead>
          <tbody>
            {modules.map((m) => (
              <Row key={m.file} module={m} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Head({ children, right, wide }: { children: string; right?: boolean; wide?: boolean }) {
  return (
    <th
      scope="col"
      className={`px-2 py-1 font-medium ${right ? "text-right" : ""} ${wide ? "max-md:hidden" : ""}`}
    >
      {children}
    </th>
  );
}

function Row({ module: m }: { module: PackModule }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const Arrow = open ? ChevronDown : ChevronRight;
  return (
    <>
      <tr className="border-t border-line align-top">
        <th scope="row" className="px-1 py-1 font-normal">
          <button
            type="button"
            aria-expanded={open}
            aria-controls={id}
            onClick={() => setOpen(!open)}
            className="flex min-h-6 items-center gap-1 rounded px-1 text-left hover:bg-hover"
          >
            <Arrow size={14} aria-hidden className="shrink-0 text-subtle" />
            <span className="break-all font-mono text-xs">{m.file}</span>
          </button>
        </th>
        <td className="px-2 py-1.5">{m.kind}</td>
        <td className="tnum whitespace-nowrap px-2 py-1.5 text-right">{bytes(m.size)}</td>
        <td className="px-2 py-1.5 max-md:hidden">
          <Reset resettable={m.resettable} />
        </td>
        <td className="px-2 py-1.5 max-md:hidden">
          <HostFunctions names={m.host_functions ?? []} />
        </td>
      </tr>
      <tr id={id} hidden={!open}>
        <td colSpan={5} className="border-t border-line bg-sunken p-3">
          <Details module={m} />
        </td>
      </tr>
    </>
  );
}

function Reset({ resettable }: { resettable: boolean }) {
  const Icon = resettable ? Recycle : SquarePlus;
  return (
    <span className="flex items-center gap-1.5 whitespace-nowrap">
      <Icon size={14} aria-hidden className="shrink-0 text-subtle" />
      {resettable ? "reset" : "fresh instance"}
    </span>
  );
}

function HostFunctions({ names }: { names: string[] }) {
  if (names.length === 0) return <span className="text-muted">none by name</span>;
  return <span className="break-words font-mono text-xs">{names.join(", ")}</span>;
}

function Details({ module: m }: { module: PackModule }) {
  const more = m.exports_left_out ? ` and ${count(m.exports_left_out)} more` : "";
  return (
    <Facts>
      <Fact name="Kind">
        {m.kind}: {m.why}
      </Fact>
      <Fact name="After a run">
        {m.resettable ? "its memory is put back, and the instance is used again" : m.reset_why}
      </Fact>
      <Fact name="Serves">{(m.actions ?? []).join(", ")}</Fact>
      <Fact name="Host functions">
        <HostFunctions names={m.host_functions ?? []} />
      </Fact>
      <Fact name="Memory">{memory(m)}</Fact>
      <Fact name="Code">
        {plural(m.functions, "function")}, {plural(m.instructions, "instruction")}
      </Fact>
      {(m.exports ?? []).length > 0 && (
        <Fact name="Exports">
          <span className="wrap-anywhere font-mono text-xs">{m.exports.join(", ") + more}</span>
        </Fact>
      )}
      <Fact name="Imports">
        <Imports names={m.imports ?? []} />
      </Fact>
      <Fact name="SHA-256" mono>
        {m.sha256}
      </Fact>
    </Facts>
  );
}

/** Imports by the module that they come from: its name once, not before each. */
function Imports({ names }: { names: string[] }) {
  if (names.length === 0) return "none";
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const at = name.lastIndexOf(".");
    const from = name.slice(0, at);
    groups.set(from, [...(groups.get(from) ?? []), name.slice(at + 1)]);
  }
  return [...groups].map(([from, list]) => (
    <span key={from} className="block wrap-anywhere font-mono text-xs leading-5">
      <span className="text-subtle">{from}:</span> {list.join(", ")}
    </span>
  ));
}

function memory({ memory_min: min, memory_max: max }: PackModule) {
  if (!min && !max) return "none at the start";
  return `${bytes(min)} at the start, ${max ? `${bytes(max)} at most` : "then up to the limit of the run"}`;
}
