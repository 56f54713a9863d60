/** How much the service is used: by day, and by who asked. */
import { Badge, Table } from "@mantine/core";
import { IconChartBar } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { Bars } from "../../components/charts";
import { Figure, Panel } from "../../components/Page";
import { Sheet } from "../../components/Sheet";
import { Spans } from "../../components/Spans";
import { Listed } from "../../components/states";
import { useFormat, useT } from "../../i18n";

type Used = Schemas["UsageView"];
type Sum = Pick<Used, "answers" | "tokens" | "drafts">;

const SPANS = [7, 30, 365];
const NONE: Sum = { answers: 0, tokens: 0, drafts: 0 };
const WHAT = ["answers", "tokens", "drafts"] as const;

function sums<Key extends string>(items: Used[], key: (one: Used) => Key): Map<Key, Sum> {
  const found = new Map<Key, Sum>();
  for (const one of items) {
    const held = found.get(key(one)) ?? NONE;
    found.set(key(one), {
      answers: held.answers + one.answers,
      tokens: held.tokens + one.tokens,
      drafts: held.drafts + one.drafts,
    });
  }
  return found;
}

export function Usage() {
  const t = useT();
  const format = useFormat();
  const [days, setDays] = useState(30);
  const usage = useQuery({
    queryKey: ["usage", days],
    queryFn: () => ok(api.GET("/api/usage", { params: { query: { days, limit: 500 } } })),
    placeholderData: keepPreviousData,
  });
  return (
    <Panel
      title={t("usage.title")}
      about={t("usage.about")}
      actions={<Spans spans={SPANS} days={days} choose={setDays} />}
    >
      <Listed
        query={usage}
        lines={6}
        empty={{ icon: IconChartBar, title: t("usage.empty"), children: t("usage.empty.text") }}
      >
        {(items) => {
          const all = sums(items, () => "all").get("all") ?? NONE;
          const names = new Map(items.map((one) => [one.token, one]));
          const rows = [...sums(items, (one) => one.day)]
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([day, sum]) => ({ day: format.day(`${day}T12:00:00Z`), ...sum }));
          return (
            <div className="stack">
              <div className="figures">
                {WHAT.map((one) => (
                  <Figure key={one} value={format.number(all[one])} label={t(`usage.${one}`)} />
                ))}
              </div>
              <Bars
                titled
                caption={t("usage.by.day")}
                x="day"
                rows={rows}
                series={[
                  { name: "answers", label: t("usage.answers"), color: "clay.5" },
                  { name: "drafts", label: t("usage.drafts"), color: "moss.6" },
                ]}
                stacked
              />
              <Sheet minWidth={440} columns={[t("tokens.name"), ...WHAT.map((one) => t(`usage.${one}`))]}>
                {[...sums(items, (one) => one.token)]
                  .sort(([, a], [, b]) => b.answers - a.answers)
                  .map(([token, sum]) => (
                    <Table.Tr key={token}>
                      <Table.Th scope="row" fw={550}>
                        <span className="row">
                          <bdi>
                            {names.get(token)?.browser
                              ? t("tokens.browser")
                              : names.get(token)?.name || t("usage.gone")}
                          </bdi>
                          <Badge color="gray">{token.slice(0, 6)}</Badge>
                        </span>
                      </Table.Th>
                      {WHAT.map((one) => (
                        <Table.Td key={one}>{format.number(sum[one])}</Table.Td>
                      ))}
                    </Table.Tr>
                  ))}
              </Sheet>
            </div>
          );
        }}
      </Listed>
    </Panel>
  );
}
