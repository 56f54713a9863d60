/** What was said held against what happened, how sure it was beside how right, and whether the world drifts. */
import { Alert, Button, Table } from "@mantine/core";
import { IconWaveSine } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { Problem } from "../../client/problem";
import { Lines } from "../../components/charts";
import { Figure, Panel } from "../../components/Page";
import { Sheet } from "../../components/Sheet";
import { Loaded } from "../../components/states";
import { useFormat, useT, useWord } from "../../i18n";
import { useFeatureName } from "./features";
import { type Held, path } from "./Project";

type Told = Schemas["OutcomesView"];

export function Outcomes({ project }: { project: Held }) {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  const query = useQuery({
    queryKey: ["outcomes", project.name],
    queryFn: () => ok(api.GET("/api/projects/{project}/outcomes", path(project.name))),
  });
  return (
    <>
      <Panel title={t("outcomes.title")} about={t("outcomes.about")}>
        <Loaded query={query} lines={4}>
          {(told) => (
            <div className="stack">
              <div className="figures">
                <Figure
                  value={format.number(told.rows)}
                  label={t("outcomes.rows")}
                  note={t("outcomes.waiting", { n: told.waiting })}
                />
                <Figure
                  value={told.value == null ? "–" : format.number(told.value, 3)}
                  label={word("measure", told.metric)}
                  note={t("outcomes.expected", { value: format.number(told.expected, 3) })}
                />
                {told.covered != null && (
                  <Figure
                    value={format.percent(told.covered)}
                    label={t("outcomes.covered")}
                    note={t("outcomes.covered.note")}
                  />
                )}
                {told.sure != null && <Figure value={format.percent(told.sure)} label={t("outcomes.sure")} />}
              </div>
              <div className="halves">
                <Calibration told={told} />
                <Weeks told={told} />
              </div>
            </div>
          )}
        </Loaded>
      </Panel>
      <Drift project={project} />
    </>
  );
}

function Calibration({ told }: { told: Told }) {
  const t = useT();
  const format = useFormat();
  if (told.bins.length < 2) return null;
  return (
    <Lines
      titled
      caption={t("outcomes.calibration")}
      x="sure"
      rows={told.bins.map((one) => ({
        sure: format.percent(one.sure),
        right: one.right,
        even: one.sure,
      }))}
      series={[
        { name: "right", label: t("outcomes.right"), color: "moss.6" },
        { name: "even", label: t("outcomes.even"), color: "gray.5" },
      ]}
      format={(value) => format.percent(value)}
    />
  );
}

function Weeks({ told }: { told: Told }) {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  if (told.weeks.length < 2) return null;
  return (
    <Lines
      titled
      caption={t("outcomes.weeks")}
      x="week"
      rows={told.weeks.map((one) => ({
        week: format.day(one.start),
        value: one.value,
        expected: told.expected,
      }))}
      series={[
        { name: "value", label: word("measure", told.metric), color: "moss.6" },
        { name: "expected", label: t("outcomes.judged"), color: "gray.5" },
      ]}
    />
  );
}

/** Looked for when asked: every feature since it learned, against those it learned from. */
function Drift({ project }: { project: Held }) {
  const t = useT();
  const format = useFormat();
  const feature = useFeatureName();
  const [asked, setAsked] = useState(false);
  const query = useQuery({
    queryKey: ["drift", project.name],
    queryFn: () => ok(api.GET("/api/projects/{project}/drift", path(project.name))),
    enabled: asked,
    staleTime: 60_000,
  });
  return (
    <Panel
      title={t("drift.title")}
      about={t("drift.about")}
      actions={
        !asked && (
          <Button variant="default" leftSection={<IconWaveSine size={17} />} onClick={() => setAsked(true)}>
            {t("drift.do")}
          </Button>
        )
      }
    >
      {asked && query.error instanceof Problem && query.error.status === 409 ? (
        <p className="dim">{t("drift.none")}</p>
      ) : (
        asked && (
          <Loaded query={query} lines={3}>
            {(told) => {
              const drifted = told.features.filter((one) => one.drifted);
              const shown = [...drifted, ...told.features.filter((one) => !one.drifted)].slice(0, 12);
              return (
                <div className="stack">
                  <Alert
                    color={drifted.length ? "orange" : "moss"}
                    title={drifted.length ? t("drift.found", { n: drifted.length }) : t("drift.same")}
                  >
                    {t("drift.rows", { before: told.before, since: told.since })}
                  </Alert>
                  <Sheet
                    minWidth={440}
                    columns={[t("drift.feature"), "PSI", "KS", { label: t("drift.told") }]}
                  >
                    {shown.map((one) => (
                      <Table.Tr key={one.feature}>
                        <Table.Th scope="row" fw={500} title={one.feature}>
                          {feature(one.feature)}
                        </Table.Th>
                        <Table.Td>{format.number(one.psi, 3)}</Table.Td>
                        <Table.Td>{format.number(one.ks, 3)}</Table.Td>
                        <Table.Td>{t(one.drifted ? "drift.other" : "drift.as")}</Table.Td>
                      </Table.Tr>
                    ))}
                  </Sheet>
                </div>
              );
            }}
          </Loaded>
        )
      )}
    </Panel>
  );
}
