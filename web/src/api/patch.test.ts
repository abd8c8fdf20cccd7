import { describe, expect, it } from "vitest";
import { apply, type Page, patchExecution, placeInPages, upsert } from "./patch";
import type { Change, Execution, ExecutionSummary } from "./types";

const summary = (id: string, status: ExecutionSummary["status"] = "running"): ExecutionSummary => ({
  id,
  status,
  action: "core.echo",
  attempts: 1,
  created_at: "2026-01-01T00:00:00Z",
});
const page = (ids: string[], next = "", seq = 10): Page<ExecutionSummary> => ({
  items: ids.map((id) => summary(id)),
  next,
  seq,
});
const ids = (pages: Page<ExecutionSummary>[]) => pages.map((p) => p.items?.map((i) => i.id));

describe("upsert", () => {
  it("keeps the newest first and replaces in place", () => {
    expect(upsert([summary("c"), summary("a")], summary("b")).map((i) => i.id)).toEqual(["c", "b", "a"]);
    expect(upsert([summary("b")], summary("b", "failed"))[0]?.status).toBe("failed");
    expect(upsert([], summary("a"))).toHaveLength(1);
  });
});

describe("placeInPages", () => {
  const always = () => true;
  it("puts a new row on top", () => {
    expect(ids(placeInPages([page(["b", "a"])], summary("c"), 11, always))).toEqual([["c", "b", "a"]]);
  });
  it("updates a row on a later page", () => {
    const pages = placeInPages([page(["d", "c"], "c"), page(["b", "a"])], summary("b", "failed"), 11, always);
    expect(pages[1]?.items?.[0]?.status).toBe("failed");
  });
  it("leaves out what the filter does not admit, but keeps a row that is already shown", () => {
    const never = () => false;
    expect(ids(placeInPages([page(["a"])], summary("b"), 11, never))).toEqual([["a"]]);
    expect(placeInPages([page(["a"])], summary("a", "failed"), 11, never)[0]?.items?.[0]?.status).toBe(
      "failed",
    );
  });
  it("ignores a change that the page has already seen", () => {
    expect(ids(placeInPages([page(["a"], "", 12)], summary("b"), 12, always))).toEqual([["a"]]);
  });
  it("does not append what lies beyond the loaded pages", () => {
    expect(ids(placeInPages([page(["c", "b"], "b")], summary("a"), 11, always))).toEqual([["c", "b"]]);
  });
  it("fills a list that was empty", () => {
    expect(ids(placeInPages([page([])], summary("a"), 11, always))).toEqual([["a"]]);
  });
});

describe("apply", () => {
  const execution = {
    ...summary("a"),
    seq: 5,
    log_lines: 3,
    artifacts: [],
    attempt_list: [],
    parameters: null,
    max_attempts: 1,
    max_lost: 3,
  } satisfies Execution & { seq: number };

  it("takes only what is newer than the snapshot", () => {
    const changes: Change[] = [
      { seq: 4, kind: "execution.updated", execution: summary("a", "pending") },
      { seq: 6, kind: "log.appended", log: { execution: "a", lines: 9 } },
      { seq: 7, kind: "execution.updated", execution: summary("a", "succeeded") },
      { seq: 8, kind: "execution.updated", execution: summary("b", "failed") },
    ];
    const result = apply(execution, changes, patchExecution);
    expect(result).toMatchObject({ status: "succeeded", log_lines: 9, seq: 8 });
  });
});
