/** How the owner writes: measured anew from the vault each time it is asked for. */
import { Badge, SegmentedControl, Table } from "@mantine/core";
import { IconUserCircle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok } from "../../client";
import { Problem } from "../../client/problem";
import { Bars, Lines } from "../../components/charts";
import { Week } from "../../components/drawn";
import { Figure, Page, Panel } from "../../components/Page";
import { Sheet } from "../../components/Sheet";
import { BringIn, Empty, Loaded } from "../../components/states";
import { useFormat, useT, useWord } from "../../i18n";
import classes from "./You.module.css";

const measured = () => ok(api.GET("/api/profile"));

type Whole = Awaited<ReturnType<typeof measured>>;
type Profile = Whole["profile"];
type Term = Profile["openers"][number];

export default function You() {
  const t = useT();
  const query = useQuery({
    queryKey: ["profile"],
    queryFn: measured,
    staleTime: 60_000,
  });
  if (query.error instanceof Problem && [404, 409].includes(query.error.status))
    return <Nothing why={query.error} />;
  return (
    <Page title={t("nav.you")} lead={t("you.lead")}>
      <Loaded query={query} lines={10}>
        {(whole) => (whole.profile.messages ? <Portrait whole={whole} /> : <Nothing />)}
      </Loaded>
    </Page>
  );
}

function Nothing({ why }: { why?: Problem }) {
  const t = useT();
  return (
    <Page title={t("nav.you")} lead={t("you.lead")}>
      <Empty icon={IconUserCircle} title={t("you.empty")} action={<BringIn />}>
        {why?.message || t("you.empty.text")}
      </Empty>
    </Page>
  );
}

function Portrait({ whole }: { whole: Whole }) {
  const { profile, names } = whole;
  const t = useT();
  const format = useFormat();
  return (
    <>
      <div className="figures">
        <Figure
          value={format.number(profile.messages)}
          label={t("you.messages")}
          note={t("you.between", { first: format.day(profile.first), last: format.day(profile.last) })}
        />
        <Figure value={format.number(profile.words)} label={t("you.words")} />
        <Figure
          value={format.number(profile.lengths.median)}
          label={t("you.length")}
          note={t("you.length.note")}
        />
        <Figure value={format.number(profile.contacts)} label={t("you.people")} />
      </div>
      <Years profile={profile} />
      <Panel title={t("you.week")} about={t("you.week.about", { zone: profile.zone })}>
        <div className="scroll" tabIndex={0} role="group" aria-label={t("you.week.label")}>
          <Week hours={profile.hours} />
        </div>
      </Panel>
      <div className="halves">
        <Habits profile={profile} />
        <Panel title={t("you.signature")} about={t("you.signature.about")}>
          <Terms title={t("you.openers")} terms={profile.openers} />
          <Terms title={t("you.closers")} terms={profile.closers} />
          <Terms title={t("you.emoji")} terms={profile.emoji} />
        </Panel>
      </div>
      <Vocabularies profile={profile} />
      <People profile={profile} names={names} />
    </>
  );
}

function Years({ profile }: { profile: Profile }) {
  const t = useT();
  const [by, setBy] = useState("months");
  const [what, setWhat] = useState("messages");
  const periods = by === "months" ? profile.months : by === "quarters" ? profile.quarters : profile.years;
  const rows = periods.map((one) => ({
    label: one.label,
    messages: one.messages,
    words: one.lengths?.median ?? null,
    emoji: one.emoji,
    formality: one.formality ?? null,
  }));
  const label = t(`you.${what === "words" ? "length" : what}` as "you.messages");
  const series = [{ name: what, label, color: "moss.6" }];
  const Chart = what === "messages" ? Bars : Lines;
  return (
    <Panel
      title={t("you.years")}
      actions={
        <>
          <SegmentedControl
            size="xs"
            value={what}
            onChange={setWhat}
            aria-label={t("you.what")}
            data={[
              { value: "messages", label: t("you.messages") },
              { value: "words", label: t("you.length") },
              { value: "formality", label: t("you.formality") },
            ]}
          />
          <SegmentedControl
            size="xs"
            value={by}
            onChange={setBy}
            aria-label={t("you.by")}
            data={[
              { value: "months", label: t("you.months") },
              { value: "quarters", label: t("you.quarters") },
              { value: "years", label: t("you.by.years") },
            ]}
          />
        </>
      }
    >
      <Chart caption={t("you.years")} x="label" rows={rows} series={series} height={240} />
    </Panel>
  );
}

function Habits({ profile }: { profile: Profile }) {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  return (
    <Panel title={t("you.habits")} about={t("you.habits.about")}>
      <Table verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t("you.habit")}</Table.Th>
            <Table.Th scope="col">{t("you.own")}</Table.Th>
            <Table.Th scope="col">{t("you.others")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {profile.habits.map((habit) => (
            <Table.Tr key={habit.name}>
              <Table.Th scope="row" fw={450}>
                {word("habit", habit.name)}
              </Table.Th>
              <Table.Td>{format.percent(habit.own)}</Table.Td>
              <Table.Td>{habit.others == null ? "–" : format.percent(habit.others)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

function Terms({ title, terms }: { title: string; terms: readonly Term[] }) {
  const format = useFormat();
  if (!terms.length) return null;
  return (
    <div className={classes.terms}>
      <h3>{title}</h3>
      <ul>
        {terms.slice(0, 12).map((term) => (
          <li key={term.text}>
            <bdi>{term.text}</bdi> <span className={classes.times}>{format.number(term.count)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Vocabularies({ profile }: { profile: Profile }) {
  const t = useT();
  const { language } = { language: document.documentElement.lang };
  const names = new Intl.DisplayNames(language, { type: "language", fallback: "code" });
  const spoken = profile.vocabularies.filter((one) => one.more.length || one.phrases.length);
  if (!spoken.length) return null;
  return (
    <Panel title={t("you.vocabulary")} about={t("you.vocabulary.about")}>
      <div className="halves">
        {spoken.slice(0, 4).map((one) => (
          <div key={one.language}>
            <Badge mb="xs">{names.of(one.language) ?? one.language}</Badge>
            <Terms title={t("you.more")} terms={one.more} />
            <Terms title={t("you.less")} terms={one.less} />
            <Terms title={t("you.phrases")} terms={one.phrases} />
          </div>
        ))}
      </div>
    </Panel>
  );
}

function People({ profile, names }: { profile: Profile; names: Record<string, string> }) {
  const t = useT();
  const format = useFormat();
  if (!profile.relations.length) return null;
  return (
    <Panel title={t("you.with")} about={t("you.with.about")}>
      <Sheet
        minWidth={560}
        columns={[t("you.contact"), t("you.messages"), t("you.length"), t("you.waits"), t("you.favourites")]}
      >
        {profile.relations.slice(0, 20).map((one) => (
          <Table.Tr key={one.contact}>
            <Table.Th scope="row" fw={550}>
              <bdi>{names[one.contact] ?? one.contact}</bdi>
            </Table.Th>
            <Table.Td>{format.number(one.messages)}</Table.Td>
            <Table.Td>{format.number(one.lengths.median)}</Table.Td>
            <Table.Td>{one.waits.awake ? format.seconds(one.waits.awake.median) : "–"}</Table.Td>
            <Table.Td>
              <bdi>
                {one.favourites
                  .slice(0, 4)
                  .map((term) => term.text)
                  .join(" · ")}
              </bdi>
            </Table.Td>
          </Table.Tr>
        ))}
      </Sheet>
    </Panel>
  );
}
