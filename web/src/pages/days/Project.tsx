/** A project: who speaks, who challenges, each version beside the plainest method, and learning anew. */
import { Alert, Badge, Button, Group, Table } from "@mantine/core";
import { IconArrowBackUp, IconMicrophone, IconRefresh } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { useNews } from "../../components/Confirm";
import { JobProgress } from "../../components/JobProgress";
import { Figure, Panel } from "../../components/Page";
import { Sheet } from "../../components/Sheet";
import { useAct } from "../../hooks/act";
import { runs, useJob, useJobs } from "../../hooks/jobs";
import { useMay } from "../../hooks/session";
import { useFormat, useT, useWord } from "../../i18n";
import classes from "./Days.module.css";

export type Held = Schemas["ProjectView"];
type Version = Held["versions"][number];

export const path = (project: string) => ({ params: { path: { project } } });

export function Project({ project }: { project: Held }) {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  const speaks = project.versions.find((one) => one.id === project.champion);
  return (
    <Panel
      title={<bdi>{project.name}</bdi>}
      about={about(project, t, word, format)}
      actions={<Actions project={project} />}
    >
      <div className="stack">
        <Learning project={project.name} />
        {speaks ? (
          <div className="figures">
            <Figure
              value={<bdi>{speaks.id}</bdi>}
              label={t("projects.champion")}
              note={t("projects.learned", { rows: speaks.rows, algorithm: speaks.algorithm })}
            />
            <Figure
              value={format.number(speaks.verdict.value, 3)}
              label={word("measure", speaks.verdict.metric)}
              note={t("projects.beside", {
                value: format.number(speaks.verdict.baseline_value, 3),
                baseline: word("baseline", speaks.verdict.baseline),
              })}
            />
            <Figure
              value={speaks.ahead ? format.seconds(speaks.ahead) : t("projects.now")}
              label={t("projects.ahead")}
              note={<bdi>{speaks.target}</bdi>}
            />
          </div>
        ) : (
          <Alert color="orange" title={t("projects.nobody")}>
            {t("projects.nobody.text")}
          </Alert>
        )}
        <Versions project={project} />
      </div>
    </Panel>
  );
}

function about(
  project: Held,
  t: ReturnType<typeof useT>,
  word: ReturnType<typeof useWord>,
  format: ReturnType<typeof useFormat>,
): string {
  const task = word("task", project.task);
  if (project.next_run) return `${task} · ${t("projects.next", { at: format.time(project.next_run) })}`;
  return project.schedule ? `${task} · ${t("projects.schedule", { when: project.schedule })}` : task;
}

function Actions({ project }: { project: Held }) {
  const t = useT();
  const news = useNews();
  const act = useAct();
  const may = useMay("train");
  if (!may) return null;
  const learn = () => act.mutate(() => ok(api.POST("/api/projects/{project}/learn", path(project.name))));
  const back = () =>
    act.mutate(async () => {
      const was = project.champion ?? "";
      const now = await ok(api.POST("/api/projects/{project}/rollback", path(project.name)));
      news.done(t("models.promoted", { model: now.champion ?? "–" }), () =>
        act.mutate(() =>
          ok(api.POST("/api/projects/{project}/promote", { ...path(project.name), body: { version: was } })),
        ),
      );
    });
  return (
    <>
      {project.previous && (
        <Button
          variant="default"
          leftSection={<IconArrowBackUp size={17} className="flips" />}
          loading={act.isPending}
          onClick={back}
        >
          {t("models.rollback")}
        </Button>
      )}
      <Button leftSection={<IconRefresh size={17} />} loading={act.isPending} onClick={learn}>
        {t("projects.learn")}
      </Button>
    </>
  );
}

/** The job that learns this project, as it goes. */
function Learning({ project }: { project: string }) {
  const jobs = useJobs();
  const mine = (jobs.data?.items ?? []).find(
    (one) =>
      one.kind === "learn" &&
      one.spec?.arguments?.project === project &&
      (runs(one) || one.state === "failed"),
  );
  const job = useJob(mine?.id ?? null);
  return job.data && (runs(job.data) || job.data.state === "failed") ? (
    <JobProgress job={job.data} log />
  ) : null;
}

function Versions({ project }: { project: Held }) {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  const news = useNews();
  const client = useQueryClient();
  const act = useAct();
  const may = useMay("train");
  const [whole, setWhole] = useState(false);
  const shown = project.versions.slice(0, whole ? project.versions.length : 6);
  const reach = Math.max(
    ...project.versions.map(({ verdict }) => Math.max(Math.abs(verdict.low), Math.abs(verdict.high))),
    1e-9,
  );
  const promote = (one: Version) =>
    act.mutate(async () => {
      const was = project.champion;
      await ok(
        api.POST("/api/projects/{project}/promote", { ...path(project.name), body: { version: one.id } }),
      );
      await client.invalidateQueries({ queryKey: ["projects"] });
      news.done(
        t("models.promoted", { model: one.id }),
        was
          ? () => act.mutate(() => ok(api.POST("/api/projects/{project}/rollback", path(project.name))))
          : undefined,
      );
    });
  return (
    <div>
      <Sheet
        minWidth={680}
        caption={t("projects.caption")}
        columns={[
          t("projects.version"),
          t("projects.made"),
          t("projects.measured"),
          { label: t("projects.better"), width: "30%" },
          { label: t("contacts.actions"), quiet: true },
        ]}
      >
        {shown.map((one) => (
          <Table.Tr key={one.id}>
            <Table.Th scope="row" fw={550}>
              <span className="row">
                <bdi>{one.id}</bdi>
                <Badges project={project} id={one.id} />
              </span>
              <span className="dim">{one.algorithm}</span>
            </Table.Th>
            <Table.Td>{format.day(one.made_at)}</Table.Td>
            <Table.Td>
              {format.number(one.verdict.value, 3)}
              <br />
              <span className="dim">
                {word("baseline", one.verdict.baseline)} {format.number(one.verdict.baseline_value, 3)}
              </span>
            </Table.Td>
            <Table.Td>
              <Better verdict={one.verdict} reach={reach} />
            </Table.Td>
            <Table.Td>
              {may && one.verdict.earned && one.id !== project.champion && (
                <Button
                  size="compact-sm"
                  variant="subtle"
                  leftSection={<IconMicrophone size={15} />}
                  loading={act.isPending}
                  onClick={() => promote(one)}
                >
                  {t("models.promote")}
                </Button>
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Sheet>
      {project.versions.length > shown.length && (
        <Group justify="center" mt="xs">
          <Button size="xs" variant="subtle" onClick={() => setWhole(true)}>
            {t("timeline.more", { n: project.versions.length - shown.length })}
          </Button>
        </Group>
      )}
    </div>
  );
}

function Badges({ project, id }: { project: Held; id: string }) {
  const t = useT();
  if (id === project.champion) return <Badge color="moss">{t("models.speaks")}</Badge>;
  if (id === project.challenger) return <Badge color="clay">{t("projects.challenger")}</Badge>;
  if (id === project.previous) return <Badge color="gray">{t("projects.previous")}</Badge>;
  return null;
}

/** By how much it is better than the plainest method, with its interval about nothing. */
function Better({ verdict, reach }: { verdict: Version["verdict"]; reach: number }) {
  const t = useT();
  const format = useFormat();
  const at = (value: number) => `${50 + (50 * value) / reach}%`;
  return (
    <>
      <span className={classes.better} aria-hidden dir="ltr">
        <i />
        <span
          data-earned={verdict.earned || undefined}
          style={{ left: at(verdict.low), width: `${(50 * (verdict.high - verdict.low)) / reach}%` }}
        />
        <b style={{ left: at(verdict.better) }} />
      </span>
      <span className="dim">
        {t("projects.interval", {
          better: format.number(verdict.better, 3),
          low: format.number(verdict.low, 3),
          high: format.number(verdict.high, 3),
        })}
      </span>
    </>
  );
}
