import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import {
  CircleUser,
  HeartPulse,
  KeyRound,
  LogOut,
  Monitor,
  Moon,
  ScrollText,
  Siren,
  Sun,
} from "lucide-react";
import { type MouseEvent, useId } from "react";
import { post } from "../api/client";
import { setTheme, type Theme, useTheme } from "../lib/theme";

const themes: [Theme, string, typeof Sun][] = [
  ["system", "System theme", Monitor],
  ["light", "Light", Sun],
  ["dark", "Dark", Moon],
];
const row = "flex h-8 w-full items-center gap-2 rounded-md px-2 text-sm text-fg hover:bg-hover";

/**
 * Who is signed in, the theme, and the way out. A native popover: a menu from a
 * library would cost every page 28 KB.
 */
export function Account({ user }: { user?: string }) {
  const id = useId();
  const queries = useQueryClient();
  const signOut = async () => {
    await post("/logout").catch(() => {});
    queries.clear();
    location.assign("/login");
  };
  return (
    <>
      <button
        type="button"
        popoverTarget={id}
        title="Account and theme"
        className="flex items-center rounded-md text-muted hover:bg-hover hover:text-fg max-md:h-13 max-md:flex-col max-md:justify-center max-md:gap-0.5 max-md:px-1.5 max-md:text-2xs md:h-8 md:gap-2 md:px-1.5 md:text-sm"
      >
        <CircleUser size={16} aria-hidden />
        <span className="rail-text max-w-24 truncate">
          {user ?? "Account"}
          <span className="sr-only">, account and theme</span>
        </span>
      </button>
      <div
        id={id}
        popover="auto"
        className="fixed inset-auto bottom-12 left-2 m-0 w-48 rounded-lg border border-line bg-surface p-1 shadow-lg max-md:bottom-15 max-md:left-auto max-md:right-2"
      >
        <ThemeChoice name={id} />
        <hr className="my-1 border-line" />
        <Link to="/triggers" className={`${row} md:hidden`} onClick={close}>
          <Siren size={14} aria-hidden className="text-subtle" />
          Triggers
        </Link>
        <Link to="/keys" className={`${row} md:hidden`} onClick={close}>
          <KeyRound size={14} aria-hidden className="text-subtle" />
          Keys
        </Link>
        <Link to="/audit" className={`${row} md:hidden`} onClick={close}>
          <ScrollText size={14} aria-hidden className="text-subtle" />
          Audit
        </Link>
        <Link to="/system" className={`${row} md:hidden`} onClick={close}>
          <HeartPulse size={14} aria-hidden className="text-subtle" />
          System
        </Link>
        <button type="button" className={row} onClick={() => void signOut()}>
          <LogOut size={14} aria-hidden className="text-subtle" />
          Sign out
        </button>
      </div>
    </>
  );
}

/** A popover stays open over the page that its link opens. */
const close = (e: MouseEvent<HTMLElement>) =>
  e.currentTarget.closest<HTMLElement>("[popover]")?.hidePopover();

function ThemeChoice({ name }: { name: string }) {
  const theme = useTheme();
  return (
    <fieldset>
      <legend className="sr-only">Theme</legend>
      {themes.map(([value, text, Icon]) => (
        <label
          key={value}
          className={`${row} cursor-pointer has-checked:bg-selected has-checked:font-medium has-focus-visible:outline-2 has-focus-visible:outline-accent`}
        >
          <input
            type="radio"
            name={`${name}-theme`}
            className="sr-only"
            checked={theme === value}
            onChange={() => setTheme(value)}
          />
          <Icon size={14} aria-hidden className="text-subtle" />
          {text}
        </label>
      ))}
    </fieldset>
  );
}
