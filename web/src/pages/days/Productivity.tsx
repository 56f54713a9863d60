/** What time went to, when there was focus, the best hours, and what to do first. */
import { Button, Group, Table } from "@mantine/core";
import { IconClockHour4 } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { api, ok, type Schemas } from "../../client";
import { Notes } from "../../components/Notes";
import { Panel } from "../../components/Page";
import { Sheet } from "../../components/Sheet";
import { useSpan } from "../../components/Spans";
import { Empty, Loaded } from "../../components/states";
import { useFormat, useT } from "../../i18n";
import { paint, useCategory } from "./categories";
import classes from "./Days.module.css";
import { Hours } from "./Hours";
import { MadeUp, SampleButton } from "./Sample";
import { Tasks } from "./Tasks";
import { Timeline } from "./Timeline";

export type Told = Schemas["ProductivityView"];

export function Productivity() {
  const { query, choice } = useSpan("productivity", (span) =>
    ok(api.GET("/api/days/productivity", { params: { query: span } })),
  );
  return (
    <>
      <Loaded query={query} lines={8}>
        {(told) =>
          told.timeline_total || told.weeks ? (
            <>
              {told.whose === "sample" && <MadeUp />}
              <Activities told={told} choice={choice} />
              <Timeline told={told} />
              <Focus told={told} />
              <Hours told={told} />
            </>
          ) : (
            <Nothing notes={told.notes} />
          )
        }
      </Loaded>
      <Tasks />
    </>
  );
}

/** Who has no days of their own yet may look at made-up ones. */
export function Nothing({ notes = [] }: { notes?: readonly string[] }) {
  const t = useT();
  return (
    <Panel>
      <Empty
        icon={IconClockHour4}
        title={t("days.none")}
        action={
          <Group justify="center">
            <Button component={Link} to="/days">
              {t("days.none.collect")}
            </Button>
            <SampleButton />
          </Group>
        }
      >
        {t("days.none.text")}
      </Empty>
      <Notes notes={notes} />
    </Panel>
  );
}

function Activities({ told, choice }: { told: Told; choice: ReactNode }) {
  const t = useT();
  const format = useFormat();
  const category = useCategory();
  return (
    <Panel title={t("activities.title")} about={t("activities.about")} actions={choice}>
      <div className="stack">
        {told.activities.length ? (
          <ul className={classes.shares}>
            {told.activities.map((one) => (
              <li key={one.category}>
                <strong>{category(one.category)}</strong>
                <span className={classes.bar} aria-hidden>
                  <span
                    style={{ width: `${Math.max(0.5, 100 * one.share)}%`, background: paint(one.category) }}
                  />
                </span>
                <span>
                  {t("activities.share", {
                    time: format.seconds(one.seconds),
                    share: format.percent(one.share),
                  })}
                </span>
                <span className="dim">
                  {one.sure == null
                    ? t("how.rule")
                    : t("activities.sure", { share: format.percent(one.sure) })}
                </span>
              </li>
            ))}
          </ul>
        ) : (
          <p className="dim">{t("activities.none")}</p>
        )}
        <Notes notes={told.notes} />
      </div>
    </Panel>
  );
}

function Focus({ told }: { told: Told }) {
  const t = useT();
  const format = useFormat();
  const category = useCategory();
  const newest = [...told.focus].reverse().slice(0, 12);
  return (
    <Panel title={t("focus.title", { n: told.focus.length })} about={t("focus.about")}>
      {newest.length ? (
        <Sheet
          minWidth={520}
          columns={[t("focus.when"), t("focus.long"), t("focus.of"), t("focus.interruptions")]}
        >
          {newest.map((one) => (
            <Table.Tr key={one.start}>
              <Table.Th scope="row" fw={500}>
                {t("focus.between", { start: format.moment(one.start), end: format.clock(one.end) })}
              </Table.Th>
              <Table.Td>{format.seconds(one.seconds)}</Table.Td>
              <Table.Td>
                <span className={classes.dot} style={{ background: paint(one.category) }} aria-hidden />{" "}
                {category(one.category)}
              </Table.Td>
              <Table.Td>{format.number(one.interruptions)}</Table.Td>
            </Table.Tr>
          ))}
        </Sheet>
      ) : (
        <p className="dim">{t("focus.none")}</p>
      )}
    </Panel>
  );
}
