import { Search, X } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useRested } from "../lib/hooks";
import { useKeys } from "../lib/keys";
import { Kbd } from "./badge";

interface Props {
  label: string;
  placeholder: string;
  value: string;
  onChange: (text: string) => void;
  /** The conditions that already hold, as chips. */
  children?: ReactNode;
}

/** A box that hands over what is typed once the typing rests. "/" goes there. */
export function SearchBox({ label, placeholder, value, onChange, children }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value);
  const rested = useRested(text);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only typing hands over
  useEffect(() => {
    if (rested === text && text !== value) onChange(text);
  }, [rested]);
  useEffect(() => setText(value), [value]);
  useKeys({ "/": () => input.current?.focus() });
  return (
    <div className="flex min-h-8 min-w-48 flex-1 flex-wrap items-center gap-1.5 rounded-md border border-strong bg-surface px-2 focus-within:outline-2 focus-within:outline-accent">
      <Search size={14} aria-hidden className="shrink-0 text-subtle" />
      {children}
      <input
        ref={input}
        aria-label={label}
        placeholder={placeholder}
        value={text}
        onChange={(e) => setText(e.target.value)}
        onKeyDown={(e) => {
          if (e.key === "Enter") onChange(text);
          if (e.key === "Escape") e.currentTarget.blur();
        }}
        spellCheck={false}
        autoComplete="off"
        className="h-7 min-w-24 flex-1 bg-transparent text-sm outline-none placeholder:text-subtle"
      />
      <Kbd>/</Kbd>
    </div>
  );
}

export function Chip({ name, value, onRemove }: { name: string; value: string; onRemove: () => void }) {
  return (
    <span className="inline-flex h-6 max-w-60 items-center rounded bg-sunken pl-1.5 text-xs text-muted">
      {name}:<b className="truncate font-medium text-fg">{value}</b>
      <button
        type="button"
        aria-label={`Remove ${name} ${value}`}
        onClick={onRemove}
        className="grid size-6 shrink-0 place-items-center rounded hover:text-fg"
      >
        <X size={12} aria-hidden />
      </button>
    </span>
  );
}

/** A choice of one among few, as a native select: it works everywhere. */
export function Choice({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: string;
  options: [value: string, text: string][];
  onChange: (value: string) => void;
}) {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={(e) => onChange(e.target.value)}
      className="h-8 max-w-full shrink-0 rounded-md border border-strong bg-surface px-2 text-sm"
    >
      {options.map(([v, text]) => (
        <option key={v} value={v}>
          {text}
        </option>
      ))}
    </select>
  );
}

export const periods: [string, string][] = [
  ["", "Any time"],
  ["15m", "Last 15 minutes"],
  ["1h", "Last hour"],
  ["24h", "Last 24 hours"],
  ["168h", "Last 7 days"],
];
