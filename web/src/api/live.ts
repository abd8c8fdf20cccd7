// One live stream per browser. Whoever holds the lock reads the server's stream
// and tells the other tabs; when it closes, the next tab goes on from where the
// last one stood. Without locks (plain http on a foreign host) every tab reads
// for itself.
import type { Change, ChangeKind } from "./types";

export type LiveState = "connecting" | "live" | "reconnecting" | "offline";

export interface Source {
  readonly readyState: number;
  onopen: (() => void) | null;
  onerror: (() => void) | null;
  addEventListener(type: string, listener: (message: { data: string; lastEventId: string }) => void): void;
  close(): void;
}

export interface Channel {
  onmessage: ((message: { data: Message }) => void) | null;
  postMessage(message: Message): void;
}

export interface Locks {
  request(name: string, held: () => Promise<void>): Promise<unknown>;
}

/** What the browser lends; tests lend something else. */
export interface Host {
  open(url: string): Source;
  /** Runs fn before the next paint, or soon when nothing is painted. */
  frame(fn: () => void): void;
  later(fn: () => void, ms: number): void;
  channel?: Channel;
  locks?: Locks;
}

type Message =
  | { type: "change"; change: Change }
  | { type: "state"; state: LiveState }
  | { type: "resync"; seq: number }
  | { type: "hello"; after: number };

const kinds: ChangeKind[] = [
  "event.created",
  "execution.updated",
  "log.appended",
  "artifact.created",
  "pack.updated",
];
const closed = 2;
const kept = 2000;
const retryAfter = 3000;

export class Live {
  state: LiveState = "connecting";
  /** Everything after this sequence number has been seen. */
  #floor = 0;
  #last = 0;
  #recent: Change[] = [];
  #queue: Change[] = [];
  #started = false;
  #leading = false;
  #batches = new Set<(batch: Change[]) => void>();
  #states = new Set<() => void>();
  #resyncs = new Set<() => void>();
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Begins after the given sequence number. Only the first call counts. */
  start(after: number) {
    if (this.#started) return;
    this.#started = true;
    this.#floor = this.#last = after;
    const { channel, locks } = this.#host;
    if (!channel || !locks) {
      this.#lead();
      return;
    }
    channel.onmessage = (message) => this.#hear(message.data);
    channel.postMessage({ type: "hello", after });
    void locks.request("squall-live", () => {
      this.#lead();
      return new Promise(() => {}); // held until the tab closes
    });
  }

  /** Calls fn with what changed, at most once a frame. */
  subscribe(fn: (batch: Change[]) => void) {
    this.#batches.add(fn);
    return () => void this.#batches.delete(fn);
  }

  onState = (fn: () => void) => {
    this.#states.add(fn);
    return () => void this.#states.delete(fn);
  };

  /** Calls fn when changes were missed and everything must be read again. */
  onResync(fn: () => void) {
    this.#resyncs.add(fn);
    return () => void this.#resyncs.delete(fn);
  }

  /** The changes after a snapshot; undefined when some are no longer known. */
  since(seq: number): Change[] | undefined {
    if (seq < this.#floor) return undefined;
    return this.#recent.filter((c) => c.seq > seq);
  }

  #lead() {
    this.#leading = true;
    const source = this.#host.open(`/api/v1/stream?after=${this.#last}`);
    source.onopen = () => this.#become("live");
    source.onerror = () => this.#broke(source);
    source.addEventListener("resync", (m) => this.#lost(Number(m.lastEventId) || this.#last));
    for (const kind of kinds) {
      source.addEventListener(kind, (m) => this.#take(JSON.parse(m.data) as Change));
    }
  }

  /** A source that merely lost its connection retries by itself and resumes. */
  #broke(source: Source) {
    if (source.readyState !== closed) {
      this.#become("reconnecting");
      return;
    }
    this.#become("offline");
    source.close();
    this.#host.later(() => this.#lead(), retryAfter);
  }

  #take(change: Change) {
    if (change.seq <= this.#last) return;
    this.#last = change.seq;
    this.#remember(change);
    if (this.#leading) this.#host.channel?.postMessage({ type: "change", change });
    if (this.#queue.push(change) === 1) this.#host.frame(() => this.#flush());
  }

  #remember(change: Change) {
    this.#recent.push(change);
    if (this.#recent.length > kept) {
      const dropped = this.#recent.splice(0, kept / 2);
      this.#floor = dropped[dropped.length - 1]?.seq ?? this.#floor;
    }
  }

  #flush() {
    const batch = this.#queue;
    this.#queue = [];
    for (const fn of this.#batches) fn(batch);
  }

  #lost(seq: number) {
    this.#recent = [];
    this.#floor = this.#last = seq;
    if (this.#leading) this.#host.channel?.postMessage({ type: "resync", seq });
    for (const fn of this.#resyncs) fn();
  }

  #become(state: LiveState) {
    this.state = state;
    if (this.#leading) this.#host.channel?.postMessage({ type: "state", state });
    for (const fn of this.#states) fn();
  }

  #hear(message: Message) {
    if (message.type === "hello") {
      if (this.#leading) this.#welcome(message.after);
    } else if (!this.#leading) {
      this.#follow(message);
    }
  }

  /** Tells a new tab what it missed between its first read and now. */
  #welcome(after: number) {
    const channel = this.#host.channel;
    channel?.postMessage({ type: "state", state: this.state });
    const missed = this.since(after);
    if (!missed) channel?.postMessage({ type: "resync", seq: this.#last });
    for (const change of missed ?? []) channel?.postMessage({ type: "change", change });
  }

  #follow(message: Message) {
    if (message.type === "change") this.#take(message.change);
    else if (message.type === "state") this.#become(message.state);
    // A tab that already stands there was not the one that missed something.
    else if (message.type === "resync" && message.seq > this.#last) this.#lost(message.seq);
  }
}

/** The browser's own means. */
export function browserHost(): Host {
  return {
    open: (url) => new EventSource(url) as unknown as Source,
    // A hidden tab paints no frames, but its queue must not grow without end.
    frame: (fn) => (document.hidden ? setTimeout(fn, 250) : requestAnimationFrame(fn)),
    later: (fn, ms) => setTimeout(fn, ms),
    channel:
      typeof BroadcastChannel === "undefined"
        ? undefined
        : (new BroadcastChannel("squall-live") as unknown as Channel),
    locks: navigator.locks as Locks | undefined,
  };
}
