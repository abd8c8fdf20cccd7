/** Takes the named texts from the URL and nothing else. */
export function pick<K extends string>(...names: K[]) {
  return (search: Record<string, unknown>): { [key in K]?: string } => {
    const found: { [key in K]?: string } = {};
    for (const name of names) {
      const value = search[name];
      if (typeof value === "string" && value !== "") found[name] = value;
    }
    return found;
  };
}
