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

export function useContacts() {
  return useQuery({ queryKey: ["contacts"], queryFn: () => ok(api.GET("/api/contacts", ALL)) });
}

export function useModels() {
  return useQuery({ queryKey: ["models"], queryFn: () => ok(api.GET("/api/models", ALL)) });
}

export function useOverview() {
  return useQuery({ queryKey: ["overview"], queryFn: () => ok(api.GET("/api/overview")) });
}

/** The sources that may be read now, by name. */
export function useAllowed(): Set<string> {
  const sources = useSources();
  return new Set(
    (sources.data?.items ?? []).filter((one) => one.allowed.includes("archive")).map((one) => one.name),
  );
}
