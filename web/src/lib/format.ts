// How numbers and times read. Durations are nanoseconds, as on the wire.

const ms = 1e6;
const second = 1e9;
const minute = 60 * second;
const hour = 60 * minute;

/** "840 µs", "12 ms", "3.3 s", "1m 18s", "2h 05m" */
export function duration(ns: number): string {
  if (ns < ms) return `${Math.round(ns / 1000)} µs`;
  if (ns < 10 * ms) return `${trim(ns / ms)} ms`;
  if (ns < second) return `${Math.round(ns / ms)} ms`;
  if (ns < minute) return `${trim(ns / second)} s`;
  if (ns < hour) return `${Math.floor(ns / minute)}m ${pad((ns % minute) / second)}s`;
  return `${Math.floor(ns / hour)}h ${pad((ns % hour) / minute)}m`;
}

/** Milliseconds since 1970, with the microseconds that Date.parse drops. */
export function instant(at: string): number {
  const fraction = /\.\d{3}(\d+)/.exec(at)?.[1];
  return Date.parse(at) + (fraction ? Number(`0.${fraction}`) : 0);
}

/** Nanoseconds between two times; to now when the second is missing. */
export function between(from: string, to: string | undefined, now = Date.now()): number {
  return Math.max(0, (to ? instant(to) : now) - instant(from)) * ms;
}

/** "512 B", "2.1 MB"; powers of 1,024, as profilers and Kubernetes count. */
export function bytes(n: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = Math.abs(n);
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const text = unit === 0 || value >= 100 ? String(Math.round(value)) : trim(value);
  return `${n < 0 ? "-" : ""}${text} ${units[unit]}`;
}

const counter = new Intl.NumberFormat("en");
export const count = (n: number) => counter.format(n);

/** "840", "12.4 M", "50 G": large numbers with their unit apart */
export function si(n: number): string {
  const units = ["", "k", "M", "G", "T", "P"];
  let value = n;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return unit === 0 ? String(n) : `${value.toFixed(1).replace(/\.0$/, "")} ${units[unit]}`;
}

/** "3.2 of 64 MiB": a unit that both share is written once. */
export function within(used: string, most: string): string {
  const [, number, unit] = /^([\d.,]+) (\S+)$/.exec(used) ?? [];
  return `${unit && most.endsWith(` ${unit}`) ? number : used} of ${most}`;
}

/** "1 line", "2 lines" */
export const plural = (n: number, one: string, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

/** "now", "8s ago", "3m ago", "2h ago", "5d ago" */
export function ago(at: string, now = Date.now()): string {
  const s = Math.floor((now - Date.parse(at)) / 1000);
  if (s < 1) return "now";
  if (s < 60) return `${s}s ago`;
  if (s < 3600) return `${Math.floor(s / 60)}m ago`;
  if (s < 86400) return `${Math.floor(s / 3600)}h ago`;
  return `${Math.floor(s / 86400)}d ago`;
}

const full = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
});
/** "22 Nov 2026, 13:28:42 UTC" */
export const dateTime = (at: string) => full.format(new Date(at));

/** "13:28:42.204" */
export function clock(at: string): string {
  const d = new Date(at);
  return `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, "0")}`;
}

/** A value of a profile in its unit. */
export function amount(value: number, unit: string): string {
  if (unit === "bytes") return bytes(value);
  if (unit === "nanoseconds") return value === 0 ? "0 s" : duration(value);
  return count(value);
}

/** How much a value of a profile has changed: "+4 MiB", "−2", "0". */
export function growth(value: number, unit: string): string {
  if (value === 0) return "0";
  return (value > 0 ? "+" : "−") + amount(Math.abs(value), unit);
}

export function percent(part: number, whole: number): string {
  if (whole === 0) return "0%";
  const p = (100 * part) / whole;
  return p !== 0 && p < 0.1 ? "<0.1%" : `${trim(p)}%`;
}

/** "0198c2d4…9f31": enough to tell ids apart, for narrow places. */
export const shortId = (id: string) => (id.length > 14 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id);

/** A function without the directories of its package: "json.(*decodeState).object". */
export const shortFunction = (name: string) => name.replace(/^[^([]*\//, "");

/** A value on one line. */
export function inline(value: unknown): string {
  return value === undefined ? "absent" : JSON.stringify(value);
}

function trim(n: number) {
  return n >= 100 ? String(Math.round(n)) : n.toFixed(1).replace(/\.0$/, "");
}

function pad(n: number) {
  return String(Math.floor(n)).padStart(2, "0");
}
