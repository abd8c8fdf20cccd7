import { Link, type LinkProps } from "@tanstack/react-router";
import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { LivePill } from "./livepill";

/** The bar at the top of a list: title, count, actions. */
export function ListHeader({
  title,
  note,
  children,
}: {
  title: string;
  note?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <header className="flex min-h-12 shrink-0 items-center gap-3 border-b border-line bg-surface px-4">
      <h1 tabIndex={-1} className="text-lg font-semibold outline-none">
        {title}
      </h1>
      <span className="tnum truncate text-sm text-subtle">{note}</span>
      <div className="ml-auto flex items-center gap-2">
        {children}
        <span className="md:hidden">
          <LivePill />
        </span>
      </div>
    </header>
  );
}

/** The head of a single thing: where it belongs, what it is, what can be done. */
export function DetailHeader({
  parent,
  crumb,
  title,
  badge,
  note,
  actions,
}: {
  parent: { to: LinkProps["to"]; label: string };
  crumb: ReactNode;
  title: string;
  badge?: ReactNode;
  note?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <header className="shrink-0 border-b border-line bg-surface px-4 py-2.5">
      <nav aria-label="Breadcrumb" className="flex items-center gap-1 text-xs text-muted">
        <Link to={parent.to} className="-my-1 py-1 hover:text-fg hover:underline">
          {parent.label}
        </Link>
        <ChevronRight size={12} aria-hidden />
        {crumb}
        <span className="ml-auto md:hidden">
          <LivePill />
        </span>
      </nav>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <h1 tabIndex={-1} className="wrap-anywhere text-xl font-semibold outline-none">
          {breakable(title)}
        </h1>
        {badge}
        <div className="flex min-w-0 flex-wrap items-center gap-x-1.5 text-sm text-muted">{note}</div>
        {actions && <div className="flex flex-wrap items-center gap-2 md:ml-auto">{actions}</div>}
      </div>
    </header>
  );
}

/** A titled box. */
export function Panel({
  title,
  aside,
  children,
  className = "",
}: {
  title: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  return (
    <section className={`min-w-0 overflow-hidden rounded-lg border border-line bg-surface ${className}`}>
      <div className="flex min-h-9 items-center gap-3 border-b border-line px-3 text-sm">
        <h2 className="whitespace-nowrap font-semibold">{title}</h2>
        <div className="ml-auto min-w-0 truncate text-xs text-subtle">{aside}</div>
      </div>
      {children}
    </section>
  );
}

/** Names and values, side by side. */
export function Facts({ title, children }: { title?: string; children: ReactNode }) {
  return (
    <section>
      {title && <h2 className="mb-1.5 text-xs font-semibold text-subtle">{title}</h2>}
      <dl className="grid grid-cols-[104px_minmax(0,1fr)] gap-x-2 gap-y-1 text-sm">{children}</dl>
    </section>
  );
}

export function Fact({ name, children, mono }: { name: string; children: ReactNode; mono?: boolean }) {
  return (
    <>
      <dt className="break-words text-muted">{name}</dt>
      <dd className={mono ? "break-all font-mono text-xs leading-5" : "break-words"}>{children}</dd>
    </>
  );
}

/** A name that may break after its dots and underscores, and nowhere else while it can. */
export function breakable(name: string): ReactNode {
  return name.split(/(?<=[._])/).map((part, i) => [i > 0 && <wbr key={part} />, part]);
}

/** A link inside text. */
export const linkClass = "text-accent underline decoration-1 underline-offset-2 hover:decoration-2";
