// Types that only the page has. What the server sends is in types.ts, which is
// generated from the Go types and holds one list type per item.

/** Any of the generated lists. */
export interface List<T> {
  items: T[];
  next: string;
}

/** JSON of any shape that is known to be an object. */
export type JsonObject = Record<string, unknown>;

/** What stands in a field that the API leaves open, when it is an object. */
export function objectOf(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
