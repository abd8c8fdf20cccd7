import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import {
  Activity,
  AlarmClock,
  FileBox,
  GitBranch,
  HeartPulse,
  KeyRound,
  LockKeyhole,
  type LucideIcon,
  Package,
  Radio,
  ScrollText,
  Siren,
  Webhook,
  Zap,
} from "lucide-react";
import { useEffect, useRef } from "react";
import { useLiveQuery } from "./api/queries";
import type { Identity } from "./api/types";
import { useKeys } from "./lib/keys";
import { Account } from "./ui/account";
import { LivePill } from "./ui/livepill";

const places: { to: string; name: string; icon: LucideIcon; rare?: boolean }[] = [
  { to: "/executions", name: "Executions", icon: Activity },
  { to: "/events", name: "Events", icon: Radio },
  { to: "/rules", name: "Rules", icon: GitBranch },
  { to: "/sources", name: "Sources", icon: AlarmClock },
  { to: "/webhooks", name: "Webhooks", icon: Webhook, rare: true },
  { to: "/triggers", name: "Triggers", icon: Siren, rare: true },
  { to: "/keys", name: "Keys", icon: KeyRound, rare: true },
  { to: "/secrets", name: "Secrets", icon: LockKeyhole, rare: true },
  { to: "/packs", name: "Packs", icon: Package },
  { to: "/artifacts", name: "Artifacts", icon: FileBox },
  { to: "/audit", name: "Audit", icon: ScrollText, rare: true },
  { to: "/system", name: "System", icon: HeartPulse, rare: true },
];

/** What stands around every page: the rail, or on a phone the bar below. */
export function Shell() {
  const me = useLiveQuery<Identity>(["me"], "/me");
  useFocusOnPage();
  useKeys({ "[": toggleRail });
  return (
    <div className="flex h-dvh flex-col-reverse md:flex-row">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:absolute focus:left-2 focus:top-2 focus:z-50 focus:rounded-md focus:bg-surface focus:px-3 focus:py-2"
      >
        Skip to content
      </a>
      <nav
        aria-label="Main"
        className="rail flex shrink-0 border-line bg-bg max-md:border-t md:w-54 md:flex-col md:border-r md:p-2"
      >
        <div className="flex h-9 items-center gap-2 px-2 pb-1 font-semibold max-md:hidden">
          <span className="grid size-5 place-items-center rounded bg-accent text-accent-fg">
            <Zap size={13} aria-hidden />
          </span>
          <span className="rail-text">squall</span>
        </div>
        <ul className="flex flex-1 max-md:justify-around md:flex-col md:gap-px">
          {places.map((place) => (
            <Place key={place.to} {...place} />
          ))}
          <li className="flex md:hidden">
            <Account user={me.data?.user} />
          </li>
        </ul>
        <div className="flex items-center gap-2 px-1 max-md:hidden">
          <Account user={me.data?.user} />
          <span className="rail-text ml-auto">
            <LivePill />
          </span>
        </div>
      </nav>
      <main id="main" tabIndex={-1} className="flex min-h-0 min-w-0 flex-1 flex-col outline-none">
        <Outlet />
      </main>
    </div>
  );
}

/** What is rarely wanted has no room in the bar of a phone: the account's menu leads there. */
function Place({ to, name, icon: Icon, rare }: (typeof places)[number]) {
  return (
    <li className={rare ? "flex max-md:hidden" : "flex"}>
      <Link
        to={to}
        title={name}
        activeProps={{ "aria-current": "page" }}
        className="flex items-center rounded-md text-muted hover:bg-hover aria-[current]:font-medium aria-[current]:text-fg max-md:h-13 max-md:flex-col max-md:justify-center max-md:gap-0.5 max-md:px-1.5 max-md:text-2xs max-md:aria-[current]:text-accent md:h-8 md:flex-1 md:gap-2 md:px-2 md:text-sm md:aria-[current]:bg-selected"
      >
        <Icon size={16} aria-hidden className="shrink-0" />
        <span className="rail-text">{name}</span>
      </Link>
    </li>
  );
}

function toggleRail() {
  const { dataset } = document.documentElement;
  dataset.rail = dataset.rail === "narrow" ? "wide" : "narrow";
}

/** A new page is announced by moving the focus to its heading, as a load would. */
function useFocusOnPage() {
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the path changes
  useEffect(() => {
    if (!first.current) document.querySelector<HTMLElement>("#main h1")?.focus({ preventScroll: true });
    first.current = false;
  }, [path]);
}
