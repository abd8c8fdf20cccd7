import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { plural } from "../lib/format";
import { CopyIcon } from "./copy";

const pageSize = 100;

interface Props {
  value: unknown;
  label: string;
  /** How deep it begins open. */
  open?: number;
  /** Names that begin closed all the same. */
  shut?: string[];
}

/** A JSON value as a tree that opens and closes. */
export function JsonView({ value, label, open = 3, shut = [] }: Props) {
  return (
    <div className="relative">
      <div className="absolute right-1 top-1 z-10">
        <CopyIcon text={JSON.stringify(value, null, 2) ?? ""} label={`Copy ${label.toLowerCase()}`} />
      </div>
      <section
        tabIndex={0}
        aria-label={label}
        className="inset-focus overflow-auto p-3 pr-9 font-mono text-xs"
      >
        <Node value={value} depth={0} open={open} shut={shut} />
      </section>
    </div>
  );
}

interface NodeProps {
  name?: string;
  value: unknown;
  depth: number;
  open: number;
  shut: string[];
}

function Node({ name, value, depth, open, shut }: NodeProps) {
  const [shown, setShown] = useState(depth < open && !shut.includes(name ?? ""));
  const [limit, setLimit] = useState(pageSize);
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
    return (
      <div className="flex py-0.5 pl-4">
        <Name name={name} />
        <Leaf value={value} />
      </div>
    );
  }
  const entries = Object.entries(value);
  return (
    <div>
      <button
        type="button"
        aria-expanded={shown}
        onClick={() => setShown(!shown)}
        className="flex min-h-6 items-center rounded hover:bg-hover"
      >
        <ChevronRight size={12} aria-hidden className={`mr-1 text-subtle ${shown ? "rotate-90" : ""}`} />
        <Name name={name} />
        <span className="text-subtle">{describe(value, entries.length)}</span>
      </button>
      {shown && (
        <div className="ml-1.5 border-l border-line pl-2">
          {entries.slice(0, limit).map(([key, child]) => (
            <Node key={key} name={key} value={child} depth={depth + 1} open={open} shut={shut} />
          ))}
          {entries.length > limit && (
            <button
              type="button"
              className="min-h-6 pl-4 text-accent underline"
              onClick={() => setLimit(limit + pageSize * 10)}
            >
              show {plural(entries.length - limit, "more", "more")}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function Name({ name }: { name?: string }) {
  if (name === undefined) return null;
  return <span className="mr-2 shrink-0 whitespace-pre text-muted">{name}:</span>;
}

function Leaf({ value }: { value: unknown }) {
  const tone = typeof value === "string" ? "text-ok" : typeof value === "object" ? "text-subtle" : "text-run";
  return (
    <span className={`whitespace-pre-wrap wrap-anywhere ${tone}`}>
      {typeof value === "string" ? `"${value}"` : JSON.stringify(value)}
    </span>
  );
}

function describe(value: object, size: number) {
  return Array.isArray(value) ? `[${plural(size, "item")}]` : `{${plural(size, "key")}}`;
}
