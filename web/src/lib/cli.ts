// The same thing as a command: what the page does, a terminal can do.
import { objectOf } from "../api/extra";
import type { Execution } from "../api/types";

export function runCommand(e: Pick<Execution, "action" | "parameters">): string {
  const parameters = Object.entries(objectOf(e.parameters)).map(
    ([key, value]) => ` -p ${quote(`${key}=${text(value)}`)}`,
  );
  return `squall run ${e.action}${parameters.join("")}`;
}

function text(value: unknown) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Quotes for a POSIX shell, where it is needed. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
