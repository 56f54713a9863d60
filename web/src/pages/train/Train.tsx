/** Teaching a clone: what by, on what base, whether it fits, and how it goes. */
import { Badge, Button, Group, Radio, Switch } from "@mantine/core";
import { IconPlayerPlay, IconSchool } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { api, ok } from "../../client";
import { useNews } from "../../components/Confirm";
import { Lines } from "../../components/charts";
import { JobProgress } from "../../components/JobProgress";
import { Figure, Page, Panel } from "../../components/Page";
import { BringIn, Empty, Loaded } from "../../components/states";
import { useAllowed } from "../../hooks/data";
import { type Job, runs, useJob, useJobs } from "../../hooks/jobs";
import { useMay } from "../../hooks/session";
import { useFormat, useT, useWord } from "../../i18n";
import { Adapter, OPTIONS, settingsOf, useNamed } from "./Adapter";
import classes from "./Train.module.css";

const ADAPTERS = ["lora", "qlora", "dora", "houlsby", "full", "ensemble"] as const;
const METHODS = ["retrieval", ...ADAPTERS, "preference", "prompted"] as const;
export type Method = (typeof METHODS)[number];

export default function Train() {
  const t = useT();
  const jobs = useJobs();
  const allowed = useAllowed();
  const may = useMay("train");
  const kinds = ["train", "prepare", "evaluate"];
  const mine = (jobs.data?.items ?? []).filter((one) => kinds.includes(one.kind));
  const latest = mine.find(runs) ?? mine[0];
  if (jobs.data && allowed.size === 0 && !mine.length) {
    return (
      <Page title={t("nav.train")} lead={t("train.lead")}>
        <Empty icon={IconSchool} title={t("train.empty")} action={<BringIn />}>
          {t("train.empty.text")}
        </Empty>
      </Page>
    );
  }
  return (
    <Page title={t("nav.train")} lead={t("train.lead")}>
      {latest && <Following key={latest.id} id={latest.id} />}
      {may && <Choose busy={runs(latest)} />}
      <Past jobs={mine.filter((one) => one.id !== latest?.id)} />
    </Page>
  );
}

function Choose({ busy }: { busy: boolean }) {
  const t = useT();
  const news = useNews();
  const client = useQueryClient();
  const [method, setMethod] = useState<Method>("retrieval");
  const [options, setOptions] = useState(OPTIONS);
  const [fresh, setFresh] = useState(true);
  const adapter = ADAPTERS.some((one) => one === method);
  const named = useNamed(options, adapter);
  const start = useMutation({
    mutationFn: () => {
      const settings: Record<string, Record<string, unknown>> = adapter
        ? { lora: settingsOf(options, named) }
        : {};
      return ok(api.POST("/api/models", { body: { method, prepare: fresh, anew: false, settings } }));
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ["jobs"] }),
    onError: news.failed,
  });
  return (
    <Panel title={t("train.new")} about={t("train.new.about")}>
      <div className="stack">
        <Radio.Group
          value={method}
          onChange={(value) => setMethod(value as Method)}
          label={t("train.method")}
        >
          <div className={classes.methods}>
            {METHODS.map((one) => (
              <Radio.Card key={one} value={one} className={classes.method} aria-label={t(`method.${one}`)}>
                <span className="row">
                  <Radio.Indicator />
                  <strong>{t(`method.${one}`)}</strong>
                  {one === "retrieval" && <Badge variant="outline">{t("train.start")}</Badge>}
                </span>
                <span className="dim">{t(`method.${one}.about`)}</span>
              </Radio.Card>
            ))}
          </div>
        </Radio.Group>
        {adapter && <Adapter method={method} named={named} options={options} set={setOptions} />}
        <Switch
          checked={fresh}
          onChange={(event) => setFresh(event.currentTarget.checked)}
          label={t("train.prepare")}
          description={t("train.prepare.about")}
        />
        <Group>
          <Button
            size="md"
            leftSection={<IconPlayerPlay size={18} />}
            loading={start.isPending}
            disabled={busy}
            onClick={() => start.mutate()}
          >
            {t("train.do")}
          </Button>
          {busy && <span className="dim">{t("train.busy")}</span>}
        </Group>
      </div>
    </Panel>
  );
}

/** The figures that say how it goes; times and counts of steps stand elsewhere. */
function curvesOf(job: Job) {
  return Object.entries(job.live?.curves ?? {})
    .map(([name, curve]): [string, [number, number][]] => [name, curve.points as [number, number][]])
    .filter(([, points]) => points.length > 1);
}

function Following({ id }: { id: string }) {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  const query = useJob(id);
  return (
    <Panel title={t(runs(query.data) ? "train.now" : "train.last")}>
      <Loaded query={query} lines={3}>
        {(job) => {
          const loss = curvesOf(job).filter(([name]) => /loss|bits/.test(name));
          const machine = curvesOf(job).filter(([name]) => /memory|gpu|tokens_per_second/.test(name));
          return (
            <div className="stack">
              <JobProgress job={job} log />
              {loss.length > 0 && (
                <Lines
                  titled
                  caption={t("train.curve")}
                  x="step"
                  rows={merged(loss)}
                  series={loss.map(([name], i) => ({
                    name,
                    label: word("figure", name),
                    color: COLOURS[i % COLOURS.length] ?? "moss.6",
                  }))}
                />
              )}
              {machine.map(([name, points]) => (
                <Lines
                  titled
                  key={name}
                  caption={word("figure", name)}
                  x="step"
                  height={140}
                  rows={merged([[name, points]])}
                  series={[{ name, label: word("figure", name), color: "clay.5" }]}
                />
              ))}
              {Object.keys(job.figures ?? {}).length > 0 && (
                <div className="figures">
                  {Object.entries(job.figures ?? {})
                    .filter(([name]) => !/^(eta_seconds|steps|stopped_by_.*)$/.test(name))
                    .slice(0, 8)
                    .map(([name, value]) => (
                      <Figure
                        key={name}
                        value={
                          /seconds$/.test(name)
                            ? format.seconds(value)
                            : /bytes$/.test(name)
                              ? format.bytes(value)
                              : format.number(value, 3)
                        }
                        label={word("figure", name)}
                      />
                    ))}
                </div>
              )}
              {job.state === "done" && (
                <Group>
                  <Button component={Link} to="/chat" variant="light">
                    {t("train.ask")}
                  </Button>
                  <Button component={Link} to="/models" variant="default">
                    {t("train.models")}
                  </Button>
                </Group>
              )}
            </div>
          );
        }}
      </Loaded>
    </Panel>
  );
}

const COLOURS = ["moss.6", "clay.5", "gray.6", "moss.3"];

function merged(curves: [string, [number, number][]][]) {
  const rows = new Map<number, Record<string, number>>();
  for (const [name, points] of curves) {
    for (const [step, value] of points) rows.set(step, { ...rows.get(step), step, [name]: value });
  }
  return [...rows.values()].sort((a, b) => (a.step ?? 0) - (b.step ?? 0));
}

function Past({ jobs }: { jobs: Job[] }) {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  if (!jobs.length) return null;
  return (
    <Panel title={t("train.past")}>
      <ul className="plain">
        {jobs.slice(0, 12).map((job) => (
          <li key={job.id} className="row">
            <span className="dim">{format.time(job.started_at)}</span>
            <strong>{word("job", job.kind)}</strong>
            <Badge color={job.state === "done" ? "moss" : "gray"}>{word("job.state", job.state)}</Badge>
            {job.error && <span className="dim">{job.error}</span>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
