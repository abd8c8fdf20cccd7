import { describe, expect, it } from "vitest";
import { quote, runCommand } from "./cli";

describe("runCommand", () => {
  it("writes parameters as they must be typed", () => {
    const parameters = { pod: "leaky-7d9", note: "it's here", labels: { a: 1 }, n: 3 };
    expect(runCommand({ action: "labs_sre.exec_pod", parameters })).toBe(
      `squall run labs_sre.exec_pod -p pod=leaky-7d9 -p 'note=it'\\''s here' -p 'labels={"a":1}' -p n=3`,
    );
    expect(runCommand({ action: "core.noop", parameters: null })).toBe("squall run core.noop");
  });

  it("quotes what a shell would expand", () => {
    expect(quote("$(rm)")).toBe("'$(rm)'");
    expect(quote("plain/path.txt")).toBe("plain/path.txt");
    expect(quote("")).toBe("''");
  });
});
