/** What became of every record of an import: kept, known already, refused, or not readable, with where. */
import { Alert, Table } from "@mantine/core";
import { Wide } from "../../components/Wide";
import type { Job } from "../../hooks/jobs";
import { useFormat, useT, useWord } from "../../i18n";
import { useSourceName } from "./names";
import classes from "./Sources.module.css";

interface Export {
  file: string;
  source: string;
  read: number;
  kept: number;
  duplicates: number;
  refused: Record<string, number>;
  unreadable: number;
  notes?: string[];
}

export function Report({ job }: { job: Job }) {
  const t = useT();
  const sourceName = useSourceName();
  const word = useWord();
  const format = useFormat();
  const exports = (job.result?.exports ?? []) as Export[];
  const failed = (job.result?.failed ?? []) as string[];
  const sum = (count: (one: Export) => number) => exports.reduce((all, one) => all + count(one), 0);
  const refusedOf = (one: Export) => Object.values(one.refused ?? {}).reduce((all, n) => all + n, 0);
  if (!exports.length && !failed.length) return <p className="dim">{t("report.empty")}</p>;
  return (
    <div className="stack" data-testid="import-report">
      <p className={classes.sum}>
        {t("report.sum", {
          read: sum((one) => one.read),
          kept: sum((one) => one.kept),
          known: sum((one) => one.duplicates),
          refused: sum(refusedOf),
          unreadable: sum((one) => one.unreadable),
        })}
      </p>
      {failed.map((why) => (
        <Alert key={why} color="orange" title={why} />
      ))}
      <details>
        <summary>{t("report.each")}</summary>
        <Wide minWidth={560}>
          <Table verticalSpacing={6} fz="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{t("report.file")}</Table.Th>
                <Table.Th scope="col">{t("report.read")}</Table.Th>
                <Table.Th scope="col">{t("report.kept")}</Table.Th>
                <Table.Th scope="col">{t("report.known")}</Table.Th>
                <Table.Th scope="col">{t("report.refused")}</Table.Th>
                <Table.Th scope="col">{t("report.unreadable")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {exports.map((one) => (
                <Table.Tr key={one.file}>
                  <Table.Th scope="row" fw={450}>
                    <bdi>{one.file.split("/").at(-1)}</bdi>
                    <span className="dim"> · {sourceName(one.source)}</span>
                  </Table.Th>
                  <Table.Td>{format.number(one.read)}</Table.Td>
                  <Table.Td>{format.number(one.kept)}</Table.Td>
                  <Table.Td>{format.number(one.duplicates)}</Table.Td>
                  <Table.Td
                    title={Object.entries(one.refused ?? {})
                      .map(([why, n]) => `${word("refused", why)}: ${n}`)
                      .join(", ")}
                  >
                    {format.number(refusedOf(one))}
                  </Table.Td>
                  <Table.Td>{format.number(one.unreadable)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Wide>
      </details>
    </div>
  );
}
