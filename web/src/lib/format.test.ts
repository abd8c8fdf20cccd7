import { describe, expect, it } from "vitest";
import {
  ago,
  amount,
  between,
  bytes,
  duration,
  growth,
  percent,
  plural,
  shortFunction,
  shortId,
  si,
  within,
} from "./format";

describe("format", () => {
  it.each([
    [4 << 20, "bytes", "+4 MiB"],
    [-(2 << 20), "bytes", "−2 MiB"],
    [0, "bytes", "0"],
    [-3, "count", "−3"],
  ])("writes a change of %i %s as %s", (n, unit, want) => {
    expect(growth(n, unit)).toBe(want);
  });

  it.each([
    [0, "0 µs"],
    [840_000, "840 µs"],
    [1_500_000, "1.5 ms"],
    [12_400_000, "12 ms"],
    [3_300_000_000, "3.3 s"],
    [60_000_000_000, "1m 00s"],
    [78_900_000_000, "1m 18s"],
    [7_500_000_000_000, "2h 05m"],
  ])("says %d ns as %s", (ns, want) => expect(duration(ns)).toBe(want));

  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1 KiB"],
    [2_202_009, "2.1 MiB"],
    [64 << 20, "64 MiB"],
    [-2048, "-2 KiB"],
  ])("says %d bytes as %s", (n, want) => expect(bytes(n)).toBe(want));

  it.each([
    [0, "now"],
    [8, "8s ago"],
    [61, "1m ago"],
    [7200, "2h ago"],
    [200_000, "2d ago"],
  ])("says %d seconds back as %s", (s, want) => {
    const now = Date.parse("2026-01-02T00:00:00Z");
    expect(ago(new Date(now - s * 1000).toISOString(), now)).toBe(want);
  });

  it("measures to now while something still runs, and never backwards", () => {
    const now = Date.parse("2026-01-01T00:00:02Z");
    expect(between("2026-01-01T00:00:00Z", undefined, now)).toBe(2e9);
    expect(between("2026-01-01T00:00:05Z", undefined, now)).toBe(0);
  });

  it("sees microseconds in a server's times", () => {
    const took = between("2026-01-01T00:00:00.000100Z", "2026-01-01T00:00:00.002350Z");
    expect(Math.round(took / 1000)).toBe(2250);
  });

  it.each([
    [0, "0"],
    [999, "999"],
    [1000, "1 k"],
    [12_400_000, "12.4 M"],
    [999_950, "1 M"],
    [50_000_000_000, "50 G"],
  ])("says %d instructions as %s", (n, want) => expect(si(n)).toBe(want));

  it.each([
    ["3.2 MiB", "64 MiB", "3.2 of 64 MiB"],
    ["512 KiB", "64 MiB", "512 KiB of 64 MiB"],
    ["12.4 M", "50 G", "12.4 M of 50 G"],
    ["3", "1,000", "3 of 1,000"],
    ["12 ms", "1m 00s", "12 ms of 1m 00s"],
    ["12 ms", "500 ms", "12 of 500 ms"],
    ["1m 00s", "2m 00s", "1m 00s of 2m 00s"],
  ])("says %s within %s as %s", (used, most, want) => expect(within(used, most)).toBe(want));

  it("keeps what matters of counts, shares and ids", () => {
    expect(plural(1, "line")).toBe("1 line");
    expect(plural(2000, "line")).toBe("2,000 lines");
    expect(percent(1, 3)).toBe("33.3%");
    expect(percent(1, 100_000)).toBe("<0.1%");
    expect(percent(0, 0)).toBe("0%");
    expect(amount(2048, "bytes")).toBe("2 KiB");
    expect(amount(1000, "count")).toBe("1,000");
    expect(shortFunction("encoding/json.(*decodeState).object")).toBe("json.(*decodeState).object");
    expect(shortFunction("main.run[go.shape.*a/b.T]")).toBe("main.run[go.shape.*a/b.T]");
    expect(shortId("0198c2d4aabbccddeeff9f31")).toBe("0198c2d4…9f31");
  });
});
