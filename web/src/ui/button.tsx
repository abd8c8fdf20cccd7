import { Link, type LinkProps } from "@tanstack/react-router";
import type { LucideIcon } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";

const shape =
  "inline-flex h-8 shrink-0 items-center gap-1.5 whitespace-nowrap rounded-md px-3 text-sm font-medium transition-colors duration-100 disabled:opacity-50";
const plain = "border border-line bg-surface text-fg hover:bg-hover";
const filled = "border border-transparent bg-accent text-accent-fg hover:opacity-90";

interface Look {
  primary?: boolean;
  icon?: LucideIcon;
}

const classes = (primary?: boolean) => `${shape} ${primary ? filled : plain}`;

export function Button({ primary, icon: Icon, children, ...rest }: ComponentProps<"button"> & Look) {
  return (
    <button type="button" {...rest} className={`${classes(primary)} ${rest.className ?? ""}`}>
      {Icon && <Icon size={14} aria-hidden />}
      {children}
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({
  primary,
  icon: Icon,
  children,
  ...rest
}: LinkProps & Look & { children: ReactNode }) {
  return (
    <Link {...rest} className={classes(primary)}>
      {Icon && <Icon size={14} aria-hidden />}
      {children}
    </Link>
  );
}

/** A download or another place that is not one of the page's routes. */
export function ButtonAnchor({ icon: Icon, children, ...rest }: ComponentProps<"a"> & Look) {
  return (
    <a {...rest} className={classes()}>
      {Icon && <Icon size={14} aria-hidden />}
      {children}
    </a>
  );
}

export function IconButton({
  icon: Icon,
  label,
  ...rest
}: ComponentProps<"button"> & { icon: LucideIcon; label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...rest}
      className={`grid size-7 shrink-0 place-items-center rounded-md text-muted hover:bg-hover hover:text-fg ${rest.className ?? ""}`}
    >
      <Icon size={14} aria-hidden />
    </button>
  );
}
