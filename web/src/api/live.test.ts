import { beforeEach, describe, expect, it } from "vitest";
import { type Channel, type Host, Live, type Source } from "./live";
import type { Change } from "./types";

class FakeSource implements Source {
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  listeners = new Map<string, (m: { data: string; lastEventId: string }) => void>();
  constructor(readonly url: string) {}
  addEventListener(type: string, fn: (m: { data: string; lastEventId: string }) => void) {
    this.listeners.set(type, fn);
  }
  close() {
    this.readyState = 2;
  }
  send(seq: number) {
    const change: Change = { seq, kind: "log.appended", log: { execution: "e", lines: seq } };
    this.listeners.get("log.appended")?.({ data: JSON.stringify(change), lastEventId: String(seq) });
  }
}

/** A browser with any number of tabs, one lock and one channel. */
class Browser {
  sources: FakeSource[] = [];
  frames: (() => void)[] = [];
  timers: (() => void)[] = [];
  waiting: (() => Promise<void>)[] = [];
  channels: Channel[] = [];
  held = false;

  host(shared = true): Host {
    const own: Channel = { onmessage: null, postMessage: (data) => this.tell(own, data) };
    if (shared) this.channels.push(own);
    return {
      open: (url) => {
        const source = new FakeSource(url);
        this.sources.push(source);
        return source;
      },
      frame: (fn) => void this.frames.push(fn),
      later: (fn) => void this.timers.push(fn),
      channel: shared ? own : undefined,
      locks: shared ? { request: (_, fn) => this.request(fn) } : undefined,
    };
  }
  tell(from: Channel, data: Parameters<Channel["postMessage"]>[0]) {
    for (const c of this.channels) if (c !== from) c.onmessage?.({ data: structuredClone(data) });
  }
  request(fn: () => Promise<void>) {
    if (this.held) return Promise.resolve(void this.waiting.push(fn));
    this.held = true;
    return fn();
  }
  closeLeader(index: number) {
    this.channels.splice(index, 1);
    void this.waiting.shift()?.();
  }
  paint() {
    for (const fn of this.frames.splice(0)) fn();
  }
}

function watch(live: Live) {
  const batches: number[][] = [];
  live.subscribe((batch) => batches.push(batch.map((c) => c.seq)));
  return batches;
}

describe("live", () => {
  let browser: Browser;
  beforeEach(() => {
    browser = new Browser();
  });

  it("opens one connection for many tabs, and all of them see every change once", () => {
    const tabs = [1, 2, 3].map(() => new Live(browser.host()));
    const seen = tabs.map(watch);
    for (const tab of tabs) tab.start(10);
    expect(browser.sources.map((s) => s.url)).toEqual(["/api/v1/stream?after=10"]);
    for (const seq of [11, 12, 12, 13]) browser.sources[0]?.send(seq);
    browser.paint();
    expect(seen.map((s) => s.flat())).toEqual([
      [11, 12, 13],
      [11, 12, 13],
      [11, 12, 13],
    ]);
  });

  it("hands over the changes of one frame together", () => {
    const tab = new Live(browser.host());
    const seen = watch(tab);
    tab.start(0);
    browser.sources[0]?.send(1);
    browser.sources[0]?.send(2);
    expect(seen).toEqual([]);
    browser.paint();
    expect(seen).toEqual([[1, 2]]);
  });

  it("goes on where the closed leader stood", () => {
    const tabs = [new Live(browser.host()), new Live(browser.host())];
    for (const tab of tabs) tab.start(5);
    browser.sources[0]?.send(6);
    browser.closeLeader(0);
    expect(browser.sources[1]?.url).toBe("/api/v1/stream?after=6");
  });

  it("tells a new tab what it missed between its first read and the leader's position", () => {
    const first = new Live(browser.host());
    first.start(0);
    for (const seq of [1, 2, 3]) browser.sources[0]?.send(seq);
    const late = new Live(browser.host());
    const seen = watch(late);
    late.start(1);
    browser.paint();
    expect(seen.flat()).toEqual([2, 3]);
  });

  it("makes a new tab read again when the leader no longer knows what it missed", () => {
    const first = new Live(browser.host());
    first.start(100);
    browser.sources[0]?.send(101);
    const late = new Live(browser.host());
    let resynced = 0;
    late.onResync(() => resynced++);
    late.start(50);
    expect(resynced).toBe(1);
    expect(late.since(50)).toBeUndefined();
    expect(late.since(101)).toEqual([]);
  });

  it("passes on the server's resync and continues from there", () => {
    const tabs = [new Live(browser.host()), new Live(browser.host())];
    const resynced = [0, 0];
    tabs.forEach((tab, i) => {
      tab.onResync(() => resynced.splice(i, 1, (resynced[i] ?? 0) + 1));
      tab.start(1);
    });
    browser.sources[0]?.listeners.get("resync")?.({ data: "", lastEventId: "900" });
    expect(resynced).toEqual([1, 1]);
    browser.sources[0]?.send(901);
    expect(tabs[1]?.since(900)?.map((c) => c.seq)).toEqual([901]);
  });

  it("says reconnecting while the browser retries, and opens anew when it gave up", () => {
    const tab = new Live(browser.host());
    tab.start(1);
    const source = browser.sources[0] as FakeSource;
    source.onopen?.();
    expect(tab.state).toBe("live");
    source.onerror?.();
    expect(tab.state).toBe("reconnecting");
    source.send(2);
    source.readyState = 2;
    source.onerror?.();
    expect(tab.state).toBe("offline");
    for (const fn of browser.timers.splice(0)) fn();
    expect(browser.sources[1]?.url).toBe("/api/v1/stream?after=2");
  });

  it("reads for itself without locks", () => {
    const tabs = [new Live(browser.host(false)), new Live(browser.host(false))];
    for (const tab of tabs) tab.start(3);
    expect(browser.sources).toHaveLength(2);
  });

  it("answers a snapshot with the changes after it, and forgets the oldest", () => {
    const tab = new Live(browser.host());
    tab.start(0);
    for (let seq = 1; seq <= 2001; seq++) browser.sources[0]?.send(seq);
    expect(tab.since(1999)?.map((c) => c.seq)).toEqual([2000, 2001]);
    expect(tab.since(1)).toBeUndefined();
  });
});
