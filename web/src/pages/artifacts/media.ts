import type { Artifact } from "../../api/types";

/** How an artifact can be shown. */
export type View = "profile" | "json" | "text" | "image" | "none";

export function viewOf(a: Pick<Artifact, "media_type">): View {
  const type = a.media_type.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "application/vnd.google.pprof") return "profile";
  if (type === "application/json" || type.endsWith("+json")) return "json";
  if (/^image\/(png|jpeg|gif|webp|avif)$/.test(type)) return "image";
  if (type.startsWith("text/") || /(yaml|xml|javascript|x-sh|ndjson)$/.test(type)) return "text";
  return "none";
}

export const isProfile = (a: Pick<Artifact, "media_type">) => viewOf(a) === "profile";
