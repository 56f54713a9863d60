/** Eighteen lines of data protection, measured in this vault, each with its evidence and what to do. */
import { Accordion, Badge, Button, Group } from "@mantine/core";
import { IconDownload, IconReportAnalytics } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { api, ok, reach } from "../../client";
import { save } from "../../client/save";
import { useNews } from "../../components/Confirm";
import { Figure, Panel } from "../../components/Page";
import { Empty, Failure } from "../../components/states";
import { useFormat, useT, useWord } from "../../i18n";

const TONE: Record<string, string> = { pass: "moss", fail: "red" };

export function Reports() {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  const news = useNews();
  const report = useMutation({ mutationFn: () => ok(api.POST("/api/reports/compliance")) });
  const page = useMutation({
    mutationFn: async () =>
      save("compliance.html", await (await reach("/api/reports/compliance/page", { method: "POST" })).blob()),
    onError: news.failed,
  });
  const lines = report.data?.report.lines ?? [];
  const states = [...new Set(lines.map((one) => one.state))];
  return (
    <Panel
      title={t("reports.title")}
      about={t("reports.about")}
      actions={
        <Group gap="xs">
          <Button
            leftSection={<IconReportAnalytics size={17} />}
            loading={report.isPending}
            onClick={() => report.mutate()}
          >
            {t("reports.do")}
          </Button>
          <Button
            variant="default"
            leftSection={<IconDownload size={17} />}
            loading={page.isPending}
            onClick={() => page.mutate()}
          >
            {t("reports.page")}
          </Button>
        </Group>
      }
    >
      {report.error && <Failure error={report.error} />}
      {!report.data && !report.isPending && (
        <Empty icon={IconReportAnalytics} title={t("reports.empty")}>
          {t("reports.empty.text")}
        </Empty>
      )}
      {report.data && (
        <div className="stack">
          <div className="figures">
            {states.map((state) => (
              <Figure
                key={state}
                value={format.number(lines.filter((one) => one.state === state).length)}
                label={word("line", state)}
              />
            ))}
          </div>
          <Accordion variant="separated" radius="md">
            {lines.map((line) => (
              <Accordion.Item key={line.id} value={line.id}>
                <Accordion.Control>
                  <span className="row">
                    <Badge color={TONE[line.state] ?? "gray"}>{word("line", line.state)}</Badge>
                    <span>
                      {line.id} · {line.title}
                    </span>
                    <span className="dim">{line.articles}</span>
                  </span>
                </Accordion.Control>
                <Accordion.Panel>
                  <ul className="plain" lang="en" dir="ltr">
                    {line.checks.map((check) => (
                      <li key={check.id}>
                        <Badge size="sm" color={TONE[check.state] ?? "gray"}>
                          {word("line", check.state)}
                        </Badge>{" "}
                        {check.found}
                        {check.todo && <p className="dim">{check.todo}</p>}
                      </li>
                    ))}
                  </ul>
                </Accordion.Panel>
              </Accordion.Item>
            ))}
          </Accordion>
        </div>
      )}
    </Panel>
  );
}
