/** Models beside each other on the same contexts: measured as a job, drawn with their intervals. */
import { Alert, Badge, Button, Table } from "@mantine/core";
import { IconScale } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { useNews } from "../../components/Confirm";
import { Range } from "../../components/drawn";
import { JobProgress } from "../../components/JobProgress";
import { Panel } from "../../components/Page";
import { Sheet } from "../../components/Sheet";
import { Empty, Loaded } from "../../components/states";
import { runs, useJob } from "../../hooks/jobs";
import { useMay } from "../../hooks/session";
import { useFormat, useT, useWord } from "../../i18n";
import { useAmount } from "./Scores";

type Row = Schemas["ComparingCompared"];

const same = (one: readonly string[], other: readonly string[]) =>
  [...one].sort().join() === [...other].sort().join();

export function Compare({ models }: { models: string[] }) {
  const t = useT();
  const news = useNews();
  const client = useQueryClient();
  const may = useMay("train");
  const [begun, setBegun] = useState<string | null>(null);
  const held = useQuery({
    queryKey: ["comparisons"],
    queryFn: () => ok(api.GET("/api/comparisons", { params: { query: { limit: 100 } } })),
  });
  const found = held.data?.items.find((one) => same(one.models, models));
  const job = useJob(begun);
  const start = useMutation({
    mutationFn: () => ok(api.POST("/api/comparisons", { body: { models } })),
    onSuccess: (made) => {
      setBegun(made.job);
      void client.invalidateQueries({ queryKey: ["jobs"] });
    },
    onError: news.failed,
  });
  return (
    <Panel title={t("compare.title", { models: models.join(", ") })} about={t("compare.about")}>
      {job.data && job.data.state !== "done" && <JobProgress job={job.data} />}
      {found ? (
        <Found key={found.job} job={found.job} />
      ) : (
        !runs(job.data) && (
          <Empty
            icon={IconScale}
            title={t("compare.empty")}
            action={
              may && (
                <Button loading={start.isPending} onClick={() => start.mutate()}>
                  {t("compare.do")}
                </Button>
              )
            }
          >
            {t("compare.empty.text")}
          </Empty>
        )
      )}
    </Panel>
  );
}

function Found({ job }: { job: string }) {
  const t = useT();
  const query = useQuery({
    queryKey: ["comparison", job],
    queryFn: () => ok(api.GET("/api/comparisons/{job}", { params: { path: { job } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Loaded query={query} lines={6}>
      {({ models, rows, contexts, conversations, self_checks }) => (
        <div className="stack">
          {self_checks.some((one) => one.passed === false) && (
            <Alert color="red" title={t("score.void", { model: models.join(", ") })}>
              {t("score.void.text")}
            </Alert>
          )}
          <Sheet
            minWidth={320 + 150 * models.length}
            columns={[t("score.metric"), ...models, t("compare.better")]}
            caption={t("compare.caption", { contexts, conversations })}
          >
            {rows.map((row) => (
              <Line key={row.id} row={row} models={models} />
            ))}
          </Sheet>
        </div>
      )}
    </Loaded>
  );
}

function Line({ row, models }: { row: Row; models: string[] }) {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  const amount = useAmount();
  const figures = models.flatMap((one) => row.figures[one] ?? []);
  const most = row.unit === "share" ? 1 : Math.max(...figures.map((one) => one.high ?? one.value), 1e-9);
  const better = row.differences?.filter((one) => one.better) ?? [];
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={500}>
        {row.id} · {word("metric", row.name)}
        {row.note && <div className="dim">{row.note}</div>}
      </Table.Th>
      {models.map((model) => {
        const figure = row.figures[model];
        return (
          <Table.Td key={model}>
            {amount(figure?.value, row.unit)}
            {figure && figures.every((one) => one.value >= 0) && (
              <Range
                value={figure.value}
                low={figure.low}
                high={figure.high}
                max={most}
                target={row.figures.yourself?.value}
              />
            )}
          </Table.Td>
        );
      })}
      <Table.Td>
        <span className="row">
          {better.map((one) => (
            <Badge key={one.one + one.other} color="moss" title={`p = ${format.number(one.p, 4)}`}>
              {one.better}
            </Badge>
          ))}
          {!better.length && <span className="dim">{t("compare.same")}</span>}
        </span>
      </Table.Td>
    </Table.Tr>
  );
}
