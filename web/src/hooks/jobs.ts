/** Long work: followed live over server-sent events, and asked for again where that breaks off. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, ok } from "../client";

const one = (id: string) => ok(api.GET("/api/jobs/{job}", { params: { path: { job: id } } }));

export type Job = Awaited<ReturnType<typeof one>>;

const RUNNING: Job["state"][] = ["queued", "running"];

export const runs = (job: Job | undefined | null) => !!job && RUNNING.includes(job.state);

export function useJobs(kind?: string) {
  return useQuery({
    queryKey: ["jobs", kind ?? "all"],
    queryFn: () => ok(api.GET("/api/jobs", { params: { query: { limit: 50, ...(kind ? { kind } : {}) } } })),
    refetchInterval: (query) => (query.state.data?.items.some(runs) ? 2_000 : 15_000),
  });
}

/** One job as it goes; `null` while there is none to follow. */
export function useJob(id: string | null) {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ["job", id],
    queryFn: () => one(id ?? ""),
    enabled: !!id,
    refetchInterval: (held) => (runs(held.state.data) ? 5_000 : false),
  });
  const state = query.data?.state;
  const going = runs(query.data);
  useEffect(() => {
    if (!id || !going) return;
    const events = new EventSource(`/api/jobs/${encodeURIComponent(id)}/events`);
    const take = (event: MessageEvent) => client.setQueryData(["job", id], JSON.parse(event.data));
    events.addEventListener("job", take as EventListener);
    return () => events.close();
  }, [id, going, client]);
  useEffect(() => {
    // What ended changed something: every page asks anew.
    if (state && !RUNNING.includes(state))
      void client.invalidateQueries({ predicate: (held) => held.queryKey[0] !== "job" });
  }, [state, client]);
  return query;
}

export function useStop() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      ok(api.POST("/api/jobs/{job}/stop", { params: { path: { job: id } }, body: { force: false } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
}

export function useResume() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => ok(api.POST("/api/jobs/{job}/resume", { params: { path: { job: id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
}
