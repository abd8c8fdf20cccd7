import "./app.css";
import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api/client";
import { live } from "./api/queries";
import { createPageRouter } from "./routes";

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content;

const queries = new QueryClient({
  queryCache: new QueryCache({ onError: (error) => signInAgain(error) }),
  defaultOptions: {
    queries: {
      // The stream keeps what is shown current; a page opened anew reads again.
      staleTime: 0,
      refetchOnWindowFocus: false,
      retry: (times, error) => times < 3 && isPassing(error),
    },
  },
});
const router = createPageRouter();

live.onResync(() => void queries.invalidateQueries());

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <CSPProvider nonce={nonce}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
);

/** Whether asking again may help: not when the disk has changed what was asked for. */
function isPassing(error: Error) {
  if (!(error instanceof ApiError)) return true;
  return error.status === 0 || (error.status >= 502 && error.problem.code !== "row_damaged");
}

function signInAgain(error: Error) {
  if (!(error instanceof ApiError) || error.status !== 401) return;
  const { pathname, href } = router.state.location;
  if (pathname !== "/login") void router.navigate({ to: "/login", search: { next: href }, replace: true });
}
