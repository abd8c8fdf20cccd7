import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { validateFilter } from "./lib/filter";
import { pick } from "./lib/search";
import { Shell } from "./shell";
import { ErrorState } from "./ui/states";

const root = createRootRoute();

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: pick("code", "next"),
  component: lazyRouteComponent(() => import("./pages/login")),
});

const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/executions", replace: true });
  },
});

const executions = createRoute({
  getParentRoute: () => shell,
  path: "/executions",
  validateSearch: validateFilter,
  component: lazyRouteComponent(() => import("./pages/executions/list")),
});

const execution = createRoute({
  getParentRoute: () => shell,
  path: "/executions/$id",
  validateSearch: pick("line"),
  component: lazyRouteComponent(() => import("./pages/executions/detail")),
});

const events = createRoute({
  getParentRoute: () => shell,
  path: "/events",
  validateSearch: pick("trigger", "matched", "since", "q"),
  component: lazyRouteComponent(() => import("./pages/events/list")),
});

const event = createRoute({
  getParentRoute: () => shell,
  path: "/events/$id",
  component: lazyRouteComponent(() => import("./pages/events/detail")),
});

const rules = createRoute({
  getParentRoute: () => shell,
  path: "/rules",
  validateSearch: pick("q"),
  component: lazyRouteComponent(() => import("./pages/rules/list")),
});

const rule = createRoute({
  getParentRoute: () => shell,
  path: "/rules/$ref",
  validateSearch: pick("event"),
  component: lazyRouteComponent(() => import("./pages/rules/detail")),
});

const triggers = createRoute({
  getParentRoute: () => shell,
  path: "/triggers",
  validateSearch: pick("q"),
  component: lazyRouteComponent(() => import("./pages/triggers/list")),
});

const trigger = createRoute({
  getParentRoute: () => shell,
  path: "/triggers/$ref",
  component: lazyRouteComponent(() => import("./pages/triggers/detail")),
});

const keys = createRoute({
  getParentRoute: () => shell,
  path: "/keys",
  validateSearch: pick("scope", "q"),
  component: lazyRouteComponent(() => import("./pages/keys/page")),
});

const secrets = createRoute({
  getParentRoute: () => shell,
  path: "/secrets",
  component: lazyRouteComponent(() => import("./pages/secrets/page")),
});

const webhooks = createRoute({
  getParentRoute: () => shell,
  path: "/webhooks",
  component: lazyRouteComponent(() => import("./pages/webhooks/list")),
});

const sources = createRoute({
  getParentRoute: () => shell,
  path: "/sources",
  validateSearch: pick("q"),
  component: lazyRouteComponent(() => import("./pages/sources/list")),
});

const sensor = createRoute({
  getParentRoute: () => shell,
  path: "/sensors/$ref",
  component: lazyRouteComponent(() => import("./pages/sources/sensor")),
});

const packs = createRoute({
  getParentRoute: () => shell,
  path: "/packs",
  component: lazyRouteComponent(() => import("./pages/packs/list")),
});

const artifacts = createRoute({
  getParentRoute: () => shell,
  path: "/artifacts",
  validateSearch: pick("execution"),
  component: lazyRouteComponent(() => import("./pages/artifacts/list")),
});

const artifact = createRoute({
  getParentRoute: () => shell,
  path: "/artifacts/$id",
  validateSearch: pick("sample", "base", "q", "zoom"),
  component: lazyRouteComponent(() => import("./pages/artifacts/detail")),
});

const audit = createRoute({
  getParentRoute: () => shell,
  path: "/audit",
  validateSearch: pick("user", "verb", "kind", "id", "failed", "since"),
  component: lazyRouteComponent(() => import("./pages/audit/page")),
});

const system = createRoute({
  getParentRoute: () => shell,
  path: "/system",
  component: lazyRouteComponent(() => import("./pages/system/page")),
});

const tree = root.addChildren([
  login,
  home,
  shell.addChildren([
    executions,
    execution,
    events,
    event,
    rules,
    rule,
    triggers,
    trigger,
    keys,
    sources,
    sensor,
    secrets,
    webhooks,
    packs,
    artifacts,
    artifact,
    audit,
    system,
  ]),
]);

export function createPageRouter() {
  return createRouter({
    routeTree: tree,
    defaultPreload: "intent",
    scrollRestoration: true,
    // Everything in the URL is text: an id of digits must not become a number.
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const pairs = Object.entries(search).filter(([, v]) => v !== undefined && v !== "");
      return pairs.length ? `?${new URLSearchParams(pairs.map(([k, v]) => [k, String(v)]))}` : "";
    },
    defaultErrorComponent: ({ error }) => (
      <ErrorState error={asError(error)} retry={() => location.reload()} />
    ),
    defaultNotFoundComponent: () => (
      <ErrorState error={new Error("There is no such page.")} retry={() => location.assign("/executions")} />
    ),
  });
}

const asError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown)));

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createPageRouter>;
  }
}
