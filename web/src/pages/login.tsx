import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Zap } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { post } from "../api/client";
import type { Identity } from "../api/types";
import { useTitle } from "../lib/hooks";
import { Button } from "../ui/button";
import { ErrorNote } from "../ui/states";

const route = getRouteApi("/login");
/** A code works once: an effect that runs twice must not spend it twice. */
const spent = new Set<string>();

/** Signs in by the one-time code of the server's link, or by a token. */
export default function Login() {
  const { code, next } = route.useSearch();
  const navigate = route.useNavigate();
  const queries = useQueryClient();
  useTitle("Sign in");
  const login = useMutation({
    mutationFn: (secret: { code: string } | { token: string }) => post<Identity>("/login", secret),
    onSuccess: () => {
      queries.clear();
      return navigate({ href: isOwnPath(next) ? next : "/executions", replace: true });
    },
  });
  useEffect(() => {
    if (!code || spent.has(code)) return;
    spent.add(code);
    login.mutate({ code });
    // The code must stay neither on screen nor in the history.
    void navigate({ search: { next }, replace: true });
  }, [code, next, login.mutate, navigate]);
  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <div className="w-full max-w-96 rounded-xl border border-line bg-surface p-6">
        <span className="mb-4 grid size-9 place-items-center rounded-lg bg-accent text-accent-fg">
          <Zap size={20} aria-hidden />
        </span>
        <h1 className="text-xl font-semibold">Sign in to Squall</h1>
        {login.isPending ? (
          <p role="status" className="mt-2 text-sm text-muted">
            Signing in…
          </p>
        ) : (
          <TokenForm failure={login.error} onToken={(token) => login.mutate({ token })} />
        )}
      </div>
    </main>
  );
}

function TokenForm({ failure, onToken }: { failure: Error | null; onToken: (token: string) => void }) {
  const [token, setToken] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim()) onToken(token.trim());
  };
  return (
    <form onSubmit={submit} className="mt-2 space-y-4">
      <p className="text-sm text-muted">
        Open the link that <code className="font-mono text-xs">squall server</code> printed when it started,
        or enter an API token.
      </p>
      <ErrorNote error={failure} />
      <label className="block text-sm font-medium">
        API token
        <input
          type="password"
          name="token"
          autoComplete="current-password"
          value={token}
          onChange={(e) => setToken(e.target.value)}
          className="mt-1 block h-9 w-full rounded-md border border-strong bg-surface px-3 font-mono text-sm font-normal"
        />
      </label>
      <Button primary type="submit" className="w-full justify-center">
        Sign in
      </Button>
    </form>
  );
}

/** Only a path of this page: a link must not lead a freshly signed-in user elsewhere. */
function isOwnPath(next: string | undefined): next is string {
  return !!next && /^\/(?![/\\])/.test(next);
}
