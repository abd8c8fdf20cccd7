import { Link } from "@tanstack/react-router";
import { FileBox, Flame } from "lucide-react";
import type { Artifact } from "../../api/types";
import { bytes } from "../../lib/format";
import { isProfile } from "../artifacts/media";

/** The files it kept, with the flame graph one click away. */
export function Artifacts({ items }: { items: Artifact[] }) {
  if (items.length === 0) return null;
  return (
    <section>
      <h2 className="mb-1.5 text-xs font-semibold text-subtle">Artifacts</h2>
      <ul className="flex flex-col gap-2">
        {items.map((a) => {
          const profile = isProfile(a);
          const Icon = profile ? Flame : FileBox;
          return (
            <li key={a.id}>
              <Link
                to="/artifacts/$id"
                params={{ id: a.id }}
                className="flex items-center gap-3 rounded-lg border border-line bg-surface px-3 py-2 hover:border-strong hover:bg-hover"
              >
                <Icon size={18} aria-hidden className={`shrink-0 ${profile ? "text-time" : "text-subtle"}`} />
                <span className="min-w-0">
                  <span className="block truncate text-sm font-medium">{a.name}</span>
                  <span className="block truncate text-xs text-subtle">
                    {bytes(a.size)} · {profile ? "open flame graph" : a.media_type}
                  </span>
                </span>
              </Link>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
