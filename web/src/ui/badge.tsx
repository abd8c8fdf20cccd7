import { Ban, Check, Circle, Loader, type LucideIcon, Pause, RotateCw, Timer, Unplug, X } from "lucide-react";
import type { AttemptStatus, Status } from "../api/types";

export type Tone = "ok" | "bad" | "run" | "warn" | "time" | "idle";

export interface Look {
  word: string;
  tone: Tone;
  icon: LucideIcon;
}

const looks: Record<Status | AttemptStatus, Look> = {
  pending: { word: "Pending", tone: "idle", icon: Circle },
  delayed: { word: "Delayed", tone: "idle", icon: Circle },
  paused: { word: "Paused", tone: "warn", icon: Pause },
  waiting: { word: "Waiting", tone: "idle", icon: Circle },
  running: { word: "Running", tone: "run", icon: Loader },
  succeeded: { word: "Succeeded", tone: "ok", icon: Check },
  failed: { word: "Failed", tone: "bad", icon: X },
  timed_out: { word: "Timed out", tone: "time", icon: Timer },
  canceled: { word: "Canceled", tone: "idle", icon: Ban },
  lost: { word: "Lost", tone: "warn", icon: Unplug },
  interrupted: { word: "Given back", tone: "warn", icon: RotateCw },
};

const subtle: Record<Tone, string> = {
  ok: "bg-ok-subtle text-ok",
  bad: "bg-bad-subtle text-bad",
  run: "bg-run-subtle text-run",
  warn: "bg-warn-subtle text-warn",
  time: "bg-time-subtle text-time",
  idle: "bg-idle-subtle text-idle",
};

const solid: Record<Tone, string> = {
  ok: "bg-ok-solid",
  bad: "bg-bad-solid",
  run: "bg-run-solid",
  warn: "bg-warn-solid",
  time: "bg-time-solid",
  idle: "bg-idle-solid",
};

export const statusLook = (status: Status | AttemptStatus): Look => looks[status] ?? looks.pending;
export const solidClass = (tone: Tone) => solid[tone];

export function Badge({ word, tone, icon: Icon }: Look) {
  return (
    <span
      className={`inline-flex h-5 items-center gap-1 whitespace-nowrap rounded px-1.5 text-xs font-medium ${subtle[tone]}`}
    >
      <Icon size={12} aria-hidden className={Icon === Loader ? "spin" : undefined} />
      {word}
    </span>
  );
}

export function StatusBadge({ status }: { status: Status | AttemptStatus }) {
  return <Badge {...statusLook(status)} />;
}

export function Kbd({ children }: { children: string }) {
  return (
    <kbd
      aria-hidden
      className="rounded border border-line bg-sunken px-1 font-mono text-2xs font-normal text-muted max-md:hidden"
    >
      {children}
    </kbd>
  );
}
