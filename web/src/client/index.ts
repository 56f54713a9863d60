/** The service as the app knows it: every path and shape comes from its OpenAPI document. */
import createClient from "openapi-fetch";
import { Problem, problemOf, Unreachable } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

type Reach = (reachable: boolean) => void;
let told: Reach = () => undefined;
let signedOut: () => void = () => undefined;

/** Who wants to know that the service cannot be reached, and that it asks to sign in. */
export function onNews(reach: Reach, out: () => void): void {
  told = reach;
  signedOut = out;
}

/** `fetch` with the header that a page of another site cannot send, and with errors of ours. */
export async function reach(input: Request | string, init?: RequestInit): Promise<Response> {
  const request = new Request(input, { credentials: "same-origin", ...init });
  request.headers.set("X-Ipse", "1");
  let response: Response;
  try {
    response = await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    told(false);
    throw new Unreachable();
  }
  told(true);
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.status === 401 && !response.url.endsWith("/api/session")) signedOut();
  throw problem;
}

export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: reach });

/** What a call found; it raised already where it was refused. */
export async function ok<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, response } = await call;
  if (!response.ok) throw new Problem(response.status);
  return data as T;
}
