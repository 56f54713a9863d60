/** What there is of events: each stream with its count and span, and how one went over time. */
import { Badge, Button, Group, SegmentedControl, Select, Table } from "@mantine/core";
import { IconTimeline } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok } from "../../client";
import { Bars, Lines } from "../../components/charts";
import { Panel } from "../../components/Page";
import { Sheet, Steps } from "../../components/Sheet";
import { Empty, Loaded, Waiting } from "../../components/states";
import { useStreams } from "../../hooks/data";
import { useFormat, useT, useWord } from "../../i18n";
import { type Stream, useStreamName } from "./hooks";
import { SampleButton } from "./Sample";

const DAY = 86_400;
const SPANS = { day: DAY, week: 7 * DAY, month: 30 * DAY, year: 365 * DAY, all: 0 } as const;
type Span = keyof typeof SPANS;
/** Seconds that a step of a chart may have; about two hundred fit. */
const STEPS = [10, 60, 300, 600, 1800, 3600, 4 * 3600, DAY, 7 * DAY, 30 * DAY];
const FIT = 200;

const idOf = (one: Stream) => `${one.source}/${one.stream}`;

export function Streams() {
  const t = useT();
  const query = useStreams();
  const [chosen, setChosen] = useState<string | null>(null);
  return (
    <Loaded query={query} lines={6}>
      {({ items }) => {
        const [first] = [...items].sort((a, b) => b.events - a.events);
        const shown = items.find((one) => idOf(one) === chosen) ?? first;
        if (!shown)
          return (
            <Panel title={t("streams.title")}>
              <Empty icon={IconTimeline} title={t("days.empty")} action={<SampleButton />}>
                {t("days.empty.text")}
              </Empty>
            </Panel>
          );
        return (
          <>
            <Over key={idOf(shown)} stream={shown} streams={items} choose={setChosen} />
            <List streams={items} shown={shown} choose={setChosen} />
          </>
        );
      }}
    </Loaded>
  );
}

function List(props: { streams: Stream[]; shown: Stream; choose: (id: string) => void }) {
  const t = useT();
  const name = useStreamName();
  const word = useWord();
  const format = useFormat();
  return (
    <Panel title={t("streams.title")} about={t("streams.about")}>
      <Sheet
        minWidth={600}
        columns={[
          t("streams.stream"),
          t("streams.kind"),
          t("streams.events"),
          t("streams.span"),
          { label: t("contacts.actions"), quiet: true },
        ]}
      >
        {props.streams.map((one) => (
          <Table.Tr key={idOf(one)}>
            <Table.Th scope="row" fw={550}>
              <bdi>{name(one)}</bdi>
            </Table.Th>
            <Table.Td>
              <Badge color="gray" miw="max-content">
                {word("event", one.kind)}
              </Badge>
            </Table.Td>
            <Table.Td>{format.number(one.events)}</Table.Td>
            <Table.Td>
              {t("you.between", { first: format.day(one.first), last: format.day(one.last) })}
            </Table.Td>
            <Table.Td>
              <Button
                size="compact-sm"
                variant="subtle"
                aria-pressed={one === props.shown}
                aria-label={t("streams.show.of", { name: name(one) })}
                onClick={() => props.choose(idOf(one))}
              >
                {t("streams.show")}
              </Button>
            </Table.Td>
          </Table.Tr>
        ))}
      </Sheet>
    </Panel>
  );
}

/** The numbers that an event of this stream holds, by the name of their field. */
function useFields(stream: Stream) {
  return useQuery({
    queryKey: ["fields", stream.source, stream.stream, stream.last],
    queryFn: async () => {
      const since = new Date(Date.parse(stream.last) - 60_000).toISOString();
      const { items } = await ok(
        api.GET("/api/events", {
          params: { query: { source: stream.source, stream: stream.stream, since, limit: 50 } },
        }),
      );
      const found = items.flatMap((one) =>
        Object.entries(one.data).filter(([, value]) => typeof value === "number"),
      );
      return [...new Set(found.map(([name]) => name))];
    },
    staleTime: 60_000,
  });
}

function Over(props: { stream: Stream; streams: Stream[]; choose: (id: string) => void }) {
  const { stream } = props;
  const t = useT();
  const name = useStreamName();
  const format = useFormat();
  const lasts = (Date.parse(stream.last) - Date.parse(stream.first)) / 1000;
  const [span, setSpan] = useState<Span>(lasts > 8 * DAY ? "month" : lasts > DAY ? "week" : "day");
  const [back, setBack] = useState(0);
  const [field, setField] = useState("");
  const fields = useFields(stream);
  const names = fields.data ?? [];
  const known = !fields.isPending;
  const what = field || (stream.kind === "metric" ? (names[0] ?? "") : "");
  const until = Date.parse(stream.last) / 1000 - back * SPANS[span];
  const since = SPANS[span] ? until - SPANS[span] : Date.parse(stream.first) / 1000;
  return (
    <Panel
      title={t("series.title", { name: name(stream) })}
      about={t(`series.about.${what ? "metric" : stream.kind}`)}
      actions={
        <SegmentedControl
          size="xs"
          value={span}
          onChange={(value) => {
            setSpan(value as Span);
            setBack(0);
          }}
          aria-label={t("series.span")}
          data={(Object.keys(SPANS) as Span[]).map((value) => ({ value, label: t(`series.${value}`) }))}
        />
      }
    >
      <div className="stack">
        <Group>
          <Select
            size="xs"
            label={t("streams.stream")}
            data={props.streams.map((one) => ({
              value: idOf(one),
              label: name(one),
            }))}
            value={idOf(stream)}
            onChange={(value) => value && props.choose(value)}
            allowDeselect={false}
            searchable
          />
          {names.length > 0 && (
            <Select
              size="xs"
              label={t("series.field")}
              data={[
                ...(stream.kind === "metric" ? [] : [{ value: "", label: t(`series.of.${stream.kind}`) }]),
                ...names.map((value) => ({ value, label: value })),
              ]}
              value={what}
              onChange={(value) => setField(value ?? "")}
              allowDeselect={false}
            />
          )}
        </Group>
        {known ? (
          <Chart key={what} stream={stream} field={what} since={since} until={until} whole={!SPANS[span]} />
        ) : (
          <Waiting lines={6} />
        )}
        {SPANS[span] > 0 && (
          <Steps
            older={since > Date.parse(stream.first) / 1000 && (() => setBack(back + 1))}
            newer={back > 0 && (() => setBack(back - 1))}
          >
            {t("you.between", {
              first: format.day(new Date(since * 1000)),
              last: format.day(new Date(until * 1000)),
            })}
          </Steps>
        )}
      </div>
    </Panel>
  );
}

function Chart(props: { stream: Stream; field: string; since: number; until: number; whole: boolean }) {
  const { stream, field, since, until } = props;
  const t = useT();
  const name = useStreamName();
  const format = useFormat();
  const every = STEPS.find((one) => (until - since) / one <= FIT) ?? 30 * DAY;
  const edge = (at: number) => new Date(at * 1000).toISOString();
  const query = useQuery({
    queryKey: ["series", stream.source, stream.stream, field, since, until],
    queryFn: () =>
      ok(
        api.GET("/api/streams/{source}/series", {
          params: {
            path: { source: stream.source },
            query: {
              stream: stream.stream,
              field,
              since: edge(Math.floor(since / every) * every),
              until: edge(until + 1),
              every,
            },
          },
        }),
      ),
    placeholderData: (held) => held,
  });
  return (
    <Loaded query={query} lines={6}>
      {(found) => {
        const label = (at: string) =>
          found.every >= DAY ? format.day(at) : until - since <= DAY ? format.clock(at) : format.moment(at);
        const caption = name(stream);
        if (field) {
          return (
            <Lines
              caption={caption}
              x="at"
              rows={found.points.map(({ at, mean, min, max }) => ({
                at: label(at),
                mean: mean ?? null,
                min: min ?? null,
                max: max ?? null,
              }))}
              series={[
                { name: "mean", label: t("series.mean"), color: "moss.6" },
                { name: "min", label: t("series.min"), color: "gray.5" },
                { name: "max", label: t("series.max"), color: "clay.5" },
              ]}
            />
          );
        }
        const lasting = stream.kind === "state";
        return (
          <Bars
            caption={caption}
            x="at"
            rows={found.points.map((one) => ({
              at: label(one.at),
              value: lasting ? one.duration / 3600 : one.count,
            }))}
            series={[{ name: "value", label: t(lasting ? "series.hours" : "series.count"), color: "moss.6" }]}
          />
        );
      }}
    </Loaded>
  );
}
