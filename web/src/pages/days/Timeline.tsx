/** One day as it went: what was in front and what it was for, how that is known, and the owner's word on it. */
import { Autocomplete, Badge, Button, Group, Radio, Table } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api, ok } from "../../client";
import { useNews } from "../../components/Confirm";
import { Dialog } from "../../components/Dialog";
import { Panel } from "../../components/Page";
import { Sheet, Steps } from "../../components/Sheet";
import { useAct } from "../../hooks/act";
import { useMay } from "../../hooks/session";
import { useFormat, useT } from "../../i18n";
import { KNOWN, paint, useCategory } from "./categories";
import classes from "./Days.module.css";
import type { Told } from "./Productivity";

type Span = Told["timeline"][number];
type App = {
  app: string;
  shown: string;
  category: string;
  how: Span["how"];
  chance: number | null;
  seconds: number;
};

const DAY = 86_400_000;
const MOST = 14;

const midnight = (at: string): number => new Date(at).setHours(0, 0, 0, 0);

/** Spans of a day by app and what it showed, the longest first. */
function apps(spans: Span[]): App[] {
  const found = new Map<string, App>();
  for (const one of spans) {
    const key = `${one.app}\n${one.shown}\n${one.category}`;
    const held = found.get(key) ?? { ...one, seconds: 0 };
    held.seconds += (Date.parse(one.end) - Date.parse(one.start)) / 1000;
    found.set(key, held);
  }
  return [...found.values()].sort((a, b) => b.seconds - a.seconds);
}

export function Timeline({ told }: { told: Told }) {
  const t = useT();
  const format = useFormat();
  const category = useCategory();
  const days = [...new Set(told.timeline.map((one) => midnight(one.start)))];
  const [back, setBack] = useState(0);
  const [whole, setWhole] = useState(false);
  const [saying, setSaying] = useState<App | null>(null);
  const may = useMay("approve");
  const at = Math.max(0, days.length - 1 - back);
  const day = days[at];
  if (day === undefined) return null;
  const spans = told.timeline.filter((one) => midnight(one.start) === day);
  const used = apps(spans);
  const seen = [...new Set(spans.map((one) => one.category))];
  return (
    <Panel
      title={t("timeline.title", { day: format.weekday(new Date(day)) })}
      about={t("timeline.about")}
      actions={
        <Steps
          older={at > 0 && (() => setBack(days.length - at))}
          newer={at < days.length - 1 && (() => setBack(days.length - 2 - at))}
        />
      }
    >
      <div className="stack">
        <Strip spans={spans} day={day} />
        <ul className={classes.legend} aria-hidden>
          {seen.map((one) => (
            <li key={one}>
              <span className={classes.dot} style={{ background: paint(one) }} />
              {category(one)}
            </li>
          ))}
        </ul>
        <Sheet
          minWidth={560}
          columns={[
            t("timeline.app"),
            t("timeline.time"),
            t("timeline.for"),
            t("timeline.how"),
            { label: t("contacts.actions"), quiet: true },
          ]}
        >
          {used.slice(0, whole ? used.length : MOST).map((one) => (
            <Table.Tr key={`${one.app} ${one.shown} ${one.category}`}>
              <Table.Th scope="row" fw={550}>
                <bdi>{one.app}</bdi>
                {one.shown && one.shown !== one.category && (
                  <span className="dim"> · {category(one.shown)}</span>
                )}
              </Table.Th>
              <Table.Td>{format.seconds(one.seconds)}</Table.Td>
              <Table.Td>
                <span className={classes.dot} style={{ background: paint(one.category) }} aria-hidden />{" "}
                {category(one.category)}
              </Table.Td>
              <Table.Td>
                {one.category === "unknown" ? (
                  "–"
                ) : (
                  <Badge color={one.how === "corrected" ? "moss" : one.how === "learned" ? "clay" : "gray"}>
                    {one.how === "learned" && one.chance != null
                      ? t("how.learned.sure", { share: format.percent(one.chance) })
                      : t(`how.${one.how}`)}
                  </Badge>
                )}
              </Table.Td>
              <Table.Td>
                {may && (
                  <Button
                    size="compact-sm"
                    variant="subtle"
                    aria-label={t("correct.of", { app: one.app })}
                    onClick={() => setSaying(one)}
                  >
                    {t("correct.do")}
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Sheet>
        {used.length > MOST && !whole && (
          <Group justify="center">
            <Button variant="subtle" size="xs" onClick={() => setWhole(true)}>
              {t("timeline.more", { n: used.length - MOST })}
            </Button>
          </Group>
        )}
        {may && <Questions told={told} say={setSaying} />}
      </div>
      {saying && <Saying one={saying} close={() => setSaying(null)} />}
    </Panel>
  );
}

function Strip({ spans, day }: { spans: Span[]; day: number }) {
  const t = useT();
  const format = useFormat();
  const category = useCategory();
  const share = (at: string) => (100 * (Date.parse(at) - day)) / DAY;
  return (
    <div className={classes.strip} role="img" aria-label={t("timeline.label", { n: spans.length })} dir="ltr">
      {spans.map((one) => (
        <span
          key={one.start}
          title={`${format.clock(one.start)}–${format.clock(one.end)} · ${one.app} · ${category(one.category)}`}
          style={{
            left: `${share(one.start)}%`,
            width: `${Math.max(0.08, share(one.end) - share(one.start))}%`,
            background: paint(one.category),
          }}
        />
      ))}
      {[0, 6, 12, 18].map((hour) => (
        <i key={hour} style={{ left: `${(100 * hour) / 24}%` }}>
          {`${String(hour).padStart(2, "0")}:00`}
        </i>
      ))}
    </div>
  );
}

/** What it would help most to be told. */
function Questions({ told, say }: { told: Told; say: (one: App) => void }) {
  const t = useT();
  const format = useFormat();
  const category = useCategory();
  if (!told.questions.length) return null;
  return (
    <div>
      <h3 className={classes.small}>{t("correct.questions")}</h3>
      <Group gap="xs">
        {told.questions.slice(0, 5).map((one) => (
          <Button
            key={`${one.app} ${one.shown}`}
            size="xs"
            variant="light"
            onClick={() => say({ ...one, category: one.guess, how: "learned", seconds: one.seconds })}
          >
            <span>
              <bdi>{one.app}</bdi>
              {one.shown && one.shown !== "other" ? ` · ${category(one.shown)}` : ""} ·{" "}
              {format.seconds(one.seconds)}
            </span>
          </Button>
        ))}
      </Group>
    </div>
  );
}

function Saying({ one, close }: { one: App; close: () => void }) {
  const t = useT();
  const category = useCategory();
  const news = useNews();
  const act = useAct();
  const names = new Map(KNOWN.map((each) => [category(each), each as string]));
  const [value, setValue] = useState(one.category === "unknown" ? "" : category(one.category));
  const [where, setWhere] = useState(one.shown ? "shown" : "app");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const chosen = names.get(value.trim()) ?? value.trim();
    act.mutate(async () => {
      const made = await ok(
        api.POST("/api/days/corrections", {
          body: {
            app: one.app,
            category: chosen,
            title_category: where === "shown" ? one.shown : "",
            title: "",
          },
        }),
      );
      close();
      news.done(t("correct.done", { app: one.app, category: category(chosen) }), () =>
        act.mutate(() =>
          ok(api.DELETE("/api/days/corrections/{correction}", { params: { path: { correction: made.id } } })),
        ),
      );
    });
  };
  return (
    <Dialog close={close} title={t("correct.title", { app: one.app })}>
      <form className="stack" onSubmit={submit}>
        <Autocomplete
          label={t("correct.category")}
          description={t("correct.category.about")}
          data={[...names.keys()]}
          value={value}
          onChange={setValue}
          maxLength={40}
          required
          data-autofocus
        />
        {one.shown && (
          <Radio.Group value={where} onChange={setWhere} label={t("correct.where")}>
            <div className="stack">
              <Radio
                value="shown"
                label={t("correct.where.shown", { app: one.app, shown: category(one.shown) })}
              />
              <Radio value="app" label={t("correct.where.app", { app: one.app })} />
            </div>
          </Radio.Group>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" loading={act.isPending} disabled={!value.trim()}>
            {t("action.save")}
          </Button>
        </Group>
      </form>
    </Dialog>
  );
}
