/** How many days back something is looked at. */
import { SegmentedControl } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useT } from "../i18n";

const DAY = 86_400_000;

export function Spans(props: { spans: readonly number[]; days: number; choose: (days: number) => void }) {
  const t = useT();
  return (
    <SegmentedControl
      size="xs"
      value={String(props.days)}
      onChange={(value) => props.choose(Number(value))}
      aria-label={t("series.span")}
      data={props.spans.map((n) => ({ value: String(n), label: t("retention.days", { n }) }))}
    />
  );
}

/** What is asked for of so many days until now, and the choice of how many. */
export function useSpan<Told>(
  key: string,
  ask: (span: { since: string; until: string }) => Promise<Told>,
  spans: readonly number[] = [1, 7, 28],
) {
  const [days, setDays] = useState(7);
  const query = useQuery({
    queryKey: [key, days],
    queryFn: () => {
      const until = new Date();
      const since = new Date(until.getTime() - days * DAY);
      return ask({ since: since.toISOString(), until: until.toISOString() });
    },
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
  return { query, choice: <Spans spans={spans} days={days} choose={setDays} /> };
}
