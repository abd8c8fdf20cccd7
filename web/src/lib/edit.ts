export interface Edit {
  /** The parameters whose value is not what it was; undefined when the text is wrong. */
  changed?: Record<string, unknown>;
  /** The parameters that are no longer there. */
  removed: string[];
  error?: string;
}

/** Reads edited parameters. Values that were hidden come back as they were, unsent. */
export function parseEdit(text: string, before: Record<string, unknown>): Edit {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { removed: [], error: `This is not JSON: ${(error as Error).message}` };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { removed: [], error: 'Parameters are a JSON object: {"name": value}' };
  }
  const removed = Object.keys(before).filter((key) => !(key in value));
  const entries = Object.entries(value).filter(([key, v]) => !(key in before) || !same(v, before[key]));
  return { changed: Object.fromEntries(entries), removed };
}

function same(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  const keys = Object.keys(a);
  return (
    Array.isArray(a) === Array.isArray(b) &&
    keys.length === Object.keys(b).length &&
    keys.every((k) => k in b && same((a as Record<string, unknown>)[k], (b as Record<string, unknown>)[k]))
  );
}
