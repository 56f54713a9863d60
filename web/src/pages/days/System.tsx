/** The machine's health: what is unusual and why, what will be used up and when, bursts of errors. */
import { Alert, Badge, Button, Group, Select, Table } from "@mantine/core";
import { IconArrowBackUp, IconBellOff, IconCircleCheck, IconHourglass } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { useNews } from "../../components/Confirm";
import { Lines } from "../../components/charts";
import { Notes } from "../../components/Notes";
import { Panel } from "../../components/Page";
import { Sheet } from "../../components/Sheet";
import { useSpan } from "../../components/Spans";
import { Loaded } from "../../components/states";
import { useAct } from "../../hooks/act";
import { useMay } from "../../hooks/session";
import { useFormat, useT, useWord } from "../../i18n";
import classes from "./Days.module.css";
import { Forecasts } from "./Forecasts";
import { Nothing } from "./Productivity";
import { MadeUp } from "./Sample";

type Told = Schemas["SystemView"];
type Anomaly = Told["anomalies"][number];

export function System() {
  const { query, choice } = useSpan("machine", (span) =>
    ok(api.GET("/api/days/system", { params: { query: span } })),
  );
  return (
    <Loaded query={query} lines={8}>
      {(told) =>
        told.forecasts.length || told.anomalies.length || told.bursts.length || told.whose === "sample" ? (
          <>
            {told.whose === "sample" && <MadeUp />}
            <Anomalies told={told} choice={choice} />
            <Forecasts forecasts={told.forecasts} />
            <Bursts told={told} />
          </>
        ) : (
          <Nothing notes={told.notes} />
        )
      }
    </Loaded>
  );
}

function Anomalies({ told, choice }: { told: Told; choice: ReactNode }) {
  const t = useT();
  const word = useWord();
  const early = !told.anomalies.length && told.notes.length > 0; // which say what is lacking
  const metrics = [...new Set(told.anomalies.map((one) => one.metric))];
  const [chosen, setChosen] = useState<string | null>(null);
  const metric = metrics.find((one) => one === chosen) ?? metrics[0] ?? "cpu";
  return (
    <Panel
      title={
        early
          ? t("days.system")
          : t("anomalies.title", { n: told.anomalies.filter((one) => !one.suppressed).length })
      }
      about={t("anomalies.about")}
      actions={choice}
    >
      <div className="stack">
        {early && <Alert color="gray" icon={<IconHourglass />} title={t("anomalies.early")} />}
        {told.anomalies.length === 0 && !early && (
          <Alert color="moss" icon={<IconCircleCheck />} title={t("anomalies.none")} />
        )}
        {metrics.length > 1 && (
          <Select
            size="xs"
            label={t("anomalies.metric")}
            data={metrics.map((value) => ({ value, label: word("metric", value) }))}
            value={metric}
            onChange={setChosen}
            allowDeselect={false}
            maw={260}
          />
        )}
        <Course told={told} metric={metric} />
        {told.anomalies.length > 0 && (
          <ul className="plain ruled">
            {told.anomalies.map((one) => (
              <One key={`${one.at}${one.metric}`} one={one} />
            ))}
          </ul>
        )}
        <Notes notes={told.notes} />
      </div>
    </Panel>
  );
}

/** The metric's course, with a mark where it was out of the usual. */
function Course({ told, metric }: { told: Told; metric: string }) {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  const sample = told.whose === "sample";
  const hours = (Date.parse(told.until) - Date.parse(told.since)) / 3_600_000;
  const every = hours <= 24 ? 600 : hours <= 24 * 7 ? 3600 : 4 * 3600;
  const query = useQuery({
    queryKey: ["series", "machine", sample, metric, told.since, told.until],
    queryFn: () =>
      ok(
        api.GET("/api/streams/{source}/series", {
          params: {
            path: { source: sample ? "sample" : "system" },
            query: {
              ...(sample ? { stream: "system" } : {}),
              field: metric,
              since: new Date(Math.floor(Date.parse(told.since) / every / 1000) * every * 1000).toISOString(),
              until: told.until,
              every,
            },
          },
        }),
      ),
    placeholderData: (held) => held,
  });
  return (
    <Loaded query={query} lines={5}>
      {({ points, every: step }) => {
        const first = points.findIndex((one) => one.mean != null);
        if (first < 0 || points.length - first < 3) return null;
        const shown = points.slice(first);
        const place = (at: string) =>
          shown.find((one) => Date.parse(one.at) + step * 1000 > Date.parse(at))?.at ?? "";
        return (
          <Lines
            caption={t("anomalies.course", { metric: word("metric", metric) })}
            x="at"
            height={220}
            rows={shown.map(({ at, mean, max }) => ({
              at: format.moment(at),
              mean: mean ?? null,
              max: max ?? null,
            }))}
            series={[
              { name: "mean", label: t("series.mean"), color: "moss.6" },
              { name: "max", label: t("series.max"), color: "gray.5" },
            ]}
            marks={told.anomalies
              .filter((one) => one.metric === metric && place(one.at))
              .map((one) => ({
                x: format.moment(place(one.at)),
                color: one.suppressed ? "gray.5" : "clay.6",
              }))}
          />
        );
      }}
    </Loaded>
  );
}

function One({ one }: { one: Anomaly }) {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  return (
    <li>
      <span className="row">
        <strong>{word("metric", one.metric)}</strong>
        <span>
          {t("anomalies.beside", { value: format.number(one.value, 1), usual: format.number(one.usual, 1) })}
        </span>
        <Badge color={one.suppressed ? "gray" : "clay"}>
          {t("anomalies.score", { score: format.number(one.score, 1) })}
        </Badge>
        {one.suppressed && <Badge color="gray">{t("anomalies.suppressed")}</Badge>}
        <span className="dim push">
          {t("focus.between", { start: format.moment(one.at), end: format.clock(one.end) })}
        </span>
      </span>
      <div className={`halves ${classes.causes}`}>
        <Causes title={t("anomalies.by")} causes={one.causes.filter((each) => each.kind === "process")} />
        <Causes title={t("anomalies.of")} causes={one.causes.filter((each) => each.kind === "metric")} />
      </div>
      <Group justify="flex-end" mt="xs">
        <Word one={one} />
      </Group>
    </li>
  );
}

/** Programs by their share in what grew, or figures by theirs in what is unusual. */
function Causes({ title, causes }: { title: string; causes: Anomaly["causes"] }) {
  const word = useWord();
  const format = useFormat();
  if (!causes.length) return null;
  return (
    <div>
      <h3 className={classes.small}>{title}</h3>
      <ul className={classes.shares}>
        {causes.slice(0, 3).map((cause) => (
          <li key={cause.name}>
            <strong>
              <bdi>{cause.kind === "metric" ? word("metric", cause.name) : cause.name}</bdi>
            </strong>
            <span className={classes.bar} aria-hidden>
              <span
                style={{
                  width: `${Math.max(0.5, 100 * cause.share)}%`,
                  background: "var(--mantine-color-clay-5)",
                }}
              />
            </span>
            <span>{format.percent(cause.share)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The owner's word that this is none, and the way back, now and later. */
function Word({ one }: { one: Anomaly }) {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  const news = useNews();
  const act = useAct("machine");
  const may = useMay("approve");
  const rules = useQuery({
    queryKey: ["machine", "dismissals"],
    queryFn: () => ok(api.GET("/api/suppressions", { params: { query: { project: "system", limit: 500 } } })),
    enabled: may && one.suppressed,
  });
  if (!may) return null;
  const back = (rule: string) =>
    act.mutate(() =>
      ok(api.DELETE("/api/suppressions/{suppression}", { params: { path: { suppression: rule } } })),
    );
  const dismiss = () =>
    act.mutate(async () => {
      const made = await ok(
        api.POST("/api/days/system/dismissals", { body: { metric: one.metric, value: one.value } }),
      );
      const told = t("anomalies.dismissed", {
        metric: word("metric", made.metric),
        high: format.number(made.high, 1),
        until: format.day(made.until),
      });
      news.done(told, () => back(made.id));
    });
  const rule = rules.data?.items.find(
    (each) => each.active && each.column === one.metric && each.low <= one.value && one.value <= each.high,
  );
  if (one.suppressed && !rule) return null;
  return (
    <Button
      size="compact-sm"
      variant="subtle"
      leftSection={rule ? <IconArrowBackUp size={15} className="flips" /> : <IconBellOff size={15} />}
      loading={act.isPending}
      onClick={() => (rule ? back(rule.id) : dismiss())}
    >
      {t(rule ? "anomalies.again" : "said.not_an_anomaly")}
    </Button>
  );
}

function Bursts({ told }: { told: Told }) {
  const t = useT();
  const format = useFormat();
  return (
    <Panel title={t("bursts.title")} about={t("bursts.about")}>
      {told.bursts.length ? (
        <Sheet
          minWidth={560}
          columns={[t("focus.when"), t("bursts.errors"), t("bursts.usual"), t("bursts.examples")]}
        >
          {told.bursts.map((one) => (
            <Table.Tr key={one.start}>
              <Table.Th scope="row" fw={500}>
                {t("focus.between", { start: format.moment(one.start), end: format.clock(one.end) })}
              </Table.Th>
              <Table.Td>{format.number(one.errors)}</Table.Td>
              <Table.Td>{format.number(one.usual, 1)}</Table.Td>
              <Table.Td>
                <Group gap={4}>
                  {one.examples.slice(0, 3).map((each) => (
                    <span key={each} className="mono" lang="en">
                      {each}
                    </span>
                  ))}
                </Group>
              </Table.Td>
            </Table.Tr>
          ))}
        </Sheet>
      ) : (
        <p className="dim">{t("bursts.none")}</p>
      )}
    </Panel>
  );
}
