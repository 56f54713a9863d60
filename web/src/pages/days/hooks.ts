/** What several parts of the page Days ask for. */
import { useQuery } from "@tanstack/react-query";
import { api, ok, type Schemas } from "../../client";
import type { useStreams } from "../../hooks/data";
import { useWord } from "../../i18n";

export type Stream = NonNullable<ReturnType<typeof useStreams>["data"]>["items"][number];
export type Collecting = Schemas["CollectingView"];

export function useCollecting() {
  return useQuery({
    queryKey: ["collecting"],
    queryFn: () => ok(api.GET("/api/collecting")),
    refetchInterval: (query) => (query.state.data?.running ? 5_000 : 30_000),
  });
}

/** Allow a source of events to be kept and learned from. */
export function allowEvents(source: string) {
  return ok(
    api.POST("/api/consents", { body: { source, purposes: ["archive", "events"], days: null, special: [] } }),
  );
}

/** A stream as the owner would call it. */
export function useStreamName() {
  const word = useWord();
  return ({ source, stream }: { source: string; stream: string }): string =>
    [source, stream]
      .filter(Boolean)
      .map((one) => word("collector", one))
      .join(" · ");
}
