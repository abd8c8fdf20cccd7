import { Link } from "@tanstack/react-router";
import { linkClass } from "../../ui/page";

/** The things of a pack, by name; rules have a page of their own, actions their executions. */
export function RefList({ title, refs, link }: { title: string; refs: string[]; link?: boolean }) {
  return (
    <section>
      <h3 className="mb-1.5 text-xs font-semibold text-subtle">
        {title} <span className="tnum font-normal">{refs.length}</span>
      </h3>
      {refs.length === 0 && <p className="text-sm text-muted">none</p>}
      <ul className="flex flex-col gap-1 text-sm">
        {refs.map((ref) => (
          <li key={ref} className="break-all">
            {link ? (
              <Link to="/rules/$ref" params={{ ref }} className={linkClass}>
                {ref}
              </Link>
            ) : (
              <Link to="/executions" search={{ action: ref }} className={linkClass}>
                {ref}
              </Link>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The webhooks whose senders the pack says how to check. */
export function WebhookPaths({ paths }: { paths: string[] }) {
  return (
    <section>
      <h3 className="mb-1.5 text-xs font-semibold text-subtle">
        Webhooks <span className="tnum font-normal">{paths.length}</span>
      </h3>
      <ul className="flex flex-col gap-1 text-sm">
        {paths.map((path) => (
          <li key={path} className="break-all">
            <Link to="/webhooks" className={linkClass}>
              {path}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The code that looks for events by itself. */
export function SensorRefs({ refs }: { refs: string[] }) {
  return (
    <section>
      <h3 className="mb-1.5 text-xs font-semibold text-subtle">
        Sensors <span className="tnum font-normal">{refs.length}</span>
      </h3>
      <ul className="flex flex-col gap-1 text-sm">
        {refs.map((ref) => (
          <li key={ref} className="break-all">
            <Link to="/sensors/$ref" params={{ ref }} className={linkClass}>
              {ref}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
