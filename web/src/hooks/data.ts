/** What several pages ask for. */
import { useQuery } from "@tanstack/react-query";
import { api, ok } from "../client";

const ALL = { params: { query: { limit: 500 } } };

export function useConsents() {
  return useQuery({ queryKey: ["consents"], queryFn: () => ok(api.GET("/api/consents", ALL)) });
}

export function useSources() {
  return useQuery({
    queryKey: ["sources"],
    queryFn: () => ok(api.GET("/api/sources", ALL)),
    staleTime: 60_000,
  });
}

export function useStreams() {
  return useQuery({ queryKey: ["streams"], queryFn: () => ok(api.GET("/api/streams", ALL)) });
}

/** Every source that something is kept of, messages or events, and how much. */
export function useKept() {
  const sources = useSources();
  const streams = useStreams();
  const events = new Map<string, number>();
  for (const one of streams.data?.items ?? [])
    events.set(one.source, (events.get(one.source) ?? 0) + one.events);
  const messages = (sources.data?.items ?? []).filter((one) => one.records > 0);
  return { query: sources, messages, events: [...events].map(([name, records]) => ({ name, records })) };
}

export function useContacts() {
  return useQuery({ queryKey: ["contacts"], queryFn: () => ok(api.GET("/api/contacts", ALL)) });
}

export function useModels() {
  return useQuery({ queryKey: ["models"], queryFn: () => ok(api.GET("/api/models", ALL)) });
}

/** The sources that may be read now, by name. */
export function useAllowed(): Set<string> {
  const sources = useSources();
  return new Set(
    (sources.data?.items ?? []).filter((one) => one.allowed.includes("archive")).map((one) => one.name),
  );
}
