// What stands in the form before somebody runs an action.
import type { Action, Parameter } from "../api/types";

/** The parameters that have a default or must be given, in the pack's order. */
export function prefill(parameters: Action["parameters"]): Record<string, unknown> {
  const filled = inOrder(parameters).filter(
    ([, p]) => !p.immutable && (p.required || p.default !== undefined),
  );
  return Object.fromEntries(filled.map(([name, p]) => [name, p.default ?? blank(p)]));
}

/** By position; those without one come last, by name. */
export function inOrder(parameters: Action["parameters"]): [string, Parameter][] {
  const place = (p: Parameter) => p.position ?? Number.POSITIVE_INFINITY;
  return Object.entries(parameters).sort(
    ([a, p], [b, q]) => (place(p) === place(q) ? 0 : place(p) - place(q)) || a.localeCompare(b),
  );
}

const blanks: Record<string, unknown> = { number: 0, integer: 0, boolean: false, array: [], object: {} };

/** A value of the right type, to type over. */
function blank(p: Parameter): unknown {
  return p.enum?.[0] ?? blanks[p.type ?? "string"] ?? "";
}
