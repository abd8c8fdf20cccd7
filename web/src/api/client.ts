import type { Problem } from "./types";

const base = "/api/v1";

/** What the server said no with: what happened, and what to do next. */
export class ApiError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail || problem.title || `The server answered ${problem.status}.`);
    this.problem = problem;
  }
  get status() {
    return this.problem.status;
  }
}

/** An answer, with the position of the live stream at the time it was true. */
export type Snapshot<T> = T & { seq: number };

/** GET, as a snapshot. */
export async function read<T extends object>(path: string, signal?: AbortSignal): Promise<Snapshot<T>> {
  const response = await send("GET", path, undefined, signal);
  const seq = Number(response.headers.get("X-Stream-Seq") ?? 0);
  return { ...((await response.json()) as T), seq };
}

/**
 * POST; the header proves to the server that no other origin sent the request.
 * A body of text is JSON already and goes out as it is.
 */
export async function post<T>(path: string, body?: unknown): Promise<T> {
  const response = await send("POST", path, body);
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

/** PUT. */
export async function put<T>(path: string, body: unknown): Promise<T> {
  return (await (await send("PUT", path, body)).json()) as T;
}

/** DELETE. */
export async function remove(path: string): Promise<void> {
  await send("DELETE", path);
}

/** The first bytes of an artifact, as text. */
export async function readText(path: string, bytes: number, signal?: AbortSignal): Promise<string> {
  const response = await send("GET", path, undefined, signal, { Range: `bytes=0-${bytes - 1}` });
  return response.text();
}

/** The address of something in the API, for links and downloads. */
export const url = (path: string) => base + path;

/** Joins query parameters, leaving out what is empty. */
export function query(parameters: Record<string, string | number | undefined>): string {
  const pairs = Object.entries(parameters).filter(([, v]) => v !== undefined && v !== "");
  const search = new URLSearchParams(pairs.map(([k, v]) => [k, String(v)])).toString();
  return search && `?${search}`;
}

async function send(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
  headers: Record<string, string> = {},
) {
  if (method !== "GET") headers["X-Squall-Csrf"] = "1";
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(base + path, {
    method,
    headers,
    signal,
    body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    credentials: "same-origin",
  }).catch((cause) => {
    if (signal?.aborted) throw cause;
    throw new ApiError(unreachable);
  });
  if (!response.ok) throw new ApiError(await problemOf(response));
  return response;
}

const unknown = { type: "about:blank", code: "", detail: "", request_id: "" };

const unreachable: Problem = {
  ...unknown,
  status: 0,
  code: "unreachable",
  title: "The server does not answer.",
  hint: "Check that squall server is running; the page retries by itself.",
};

async function problemOf(response: Response): Promise<Problem> {
  const fallback = { ...unknown, status: response.status, title: response.statusText };
  try {
    return { ...fallback, ...((await response.json()) as Problem) };
  } catch {
    return fallback;
  }
}
