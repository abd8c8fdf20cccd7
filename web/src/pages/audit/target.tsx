import { Link } from "@tanstack/react-router";
import type { AuditRecord } from "../../api/types";
import { shortId } from "../../lib/format";
import { linkClass } from "../../ui/page";

/** What a record is about, with a link to it where it has a page. */
export function Target({ record: { kind, id } }: { record: AuditRecord }) {
  if (!id) return null;
  const isID = /^[0-9a-f]{24}$/.test(id);
  switch (isID ? kind : "") {
    case "execution":
    case "change":
      return (
        <Link to="/executions/$id" params={{ id }} className={`font-mono text-xs ${linkClass}`}>
          {shortId(id)}
        </Link>
      );
    case "event":
    case "verdict":
      return (
        <Link to="/events/$id" params={{ id }} className={`font-mono text-xs ${linkClass}`}>
          {shortId(id)}
        </Link>
      );
    case "artifact":
      return (
        <Link to="/artifacts/$id" params={{ id }} className={`font-mono text-xs ${linkClass}`}>
          {shortId(id)}
        </Link>
      );
  }
  return <span className="font-mono text-xs">{id}</span>;
}
