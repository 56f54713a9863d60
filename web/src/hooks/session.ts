/** Who is signed in, whether the service can be reached, and what waits for the owner. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { api, ok, onNews, type Schemas } from "../client";
import { Problem } from "../client/problem";
import { queries } from "../client/queries";

export type Session = Schemas["SessionView"];
export type Scope = Session["scopes"][number];

let reachable = true;
const listeners = new Set<() => void>();

onNews(
  (now) => {
    if (now === reachable) return;
    reachable = now;
    for (const listener of listeners) listener();
    if (now) void queries.invalidateQueries(); // back again: whatever is on the page is asked for anew
  },
  () => void queries.invalidateQueries({ queryKey: ["session"] }),
);

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** Whether the service answered last time; while it does not, it is asked again every two seconds. */
export function useReachable(): boolean {
  const now = useSyncExternalStore(subscribe, () => reachable);
  useEffect(() => {
    if (now) return;
    const timer = setInterval(() => void api.GET("/api/health").catch(() => undefined), 2_000);
    return () => clearInterval(timer);
  }, [now]);
  return now;
}

const MARK = "ipse_here=1";

/** Notes for the next visit that this browser was signed in. The session's own cookie cannot be seen from here. */
export function mark(signedIn: boolean): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser yet
  document.cookie = `${MARK}; Path=/; SameSite=Strict; Max-Age=${signedIn ? 60 * 60 * 24 * 7 : 0}`;
}

/** The session, null for nobody. Who was never signed in is not asked for, so that nothing is refused. */
export function useSessionQuery() {
  return useQuery({
    queryKey: ["session"],
    staleTime: 60_000,
    queryFn: async () => {
      if (!document.cookie.includes(MARK)) return null;
      try {
        return await ok(api.GET("/api/session"));
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 401) throw error;
        mark(false);
        return null;
      }
    },
  });
}

export const useSession = (): Session | null => useSessionQuery().data ?? null;

export function useMay(scope: Scope): boolean {
  return useSession()?.scopes.includes(scope) ?? false;
}

export function useLockVault() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => ok(api.POST("/api/vault/lock")),
    onSettled: () => {
      mark(false);
      client.clear();
      client.setQueryData(["session"], null);
    },
  });
}

export type Folder = "waiting" | "approved" | "sent" | "rejected";

export const FOLDERS: Record<Folder, Schemas["DraftRow"]["state"][]> = {
  waiting: ["proposed", "edited", "perhaps"],
  approved: ["approved", "sending"],
  sent: ["sent"],
  rejected: ["rejected"],
};

/** How many drafts there are in each state: figures, which leave no row in the audit log. */
function useDraftCounts() {
  return useQuery({
    queryKey: ["drafts", "counts"],
    queryFn: () => ok(api.GET("/api/drafts/counts")),
    enabled: useMay("aggregates"),
    refetchInterval: 30_000,
  });
}

/** The drafts of a folder. What they say is asked for again only once the figures tell of a change. */
export function useDrafts(folder: Folder) {
  const changed = useDraftCounts().data?.changed_at;
  return useQuery({
    queryKey: ["drafts", folder, changed],
    queryFn: () => ok(api.GET("/api/drafts", { params: { query: { state: FOLDERS[folder], limit: 200 } } })),
    enabled: useMay("read") && changed !== undefined,
    placeholderData: (before, query) => (query?.queryKey[1] === folder ? before : undefined),
  });
}

/** How many drafts lie in a folder. */
export function useFolded(): (folder: Folder) => number {
  const states = useDraftCounts().data?.states ?? {};
  return (folder) => FOLDERS[folder].reduce((sum, state) => sum + (states[state] ?? 0), 0);
}

/** How many drafts wait for a decision. */
export const useWaitingDrafts = (): number => useDraftCounts().data?.waiting ?? 0;
