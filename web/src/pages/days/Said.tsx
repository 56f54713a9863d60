/** What the champion said, why, what happened, and the owner's word on it. */
import { Badge, Button, Group, TextInput } from "@mantine/core";
import { IconCheck, IconCrystalBall, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { useNews } from "../../components/Confirm";
import { Panel } from "../../components/Page";
import { Turn } from "../../components/Sheet";
import { Loaded } from "../../components/states";
import { useAct } from "../../hooks/act";
import { useMay } from "../../hooks/session";
import { useFormat, useT } from "../../i18n";
import classes from "./Days.module.css";
import { tells, useFeatureName } from "./features";
import { type Held, path } from "./Project";

type Prediction = Schemas["PredictionView"];

const AT_A_TIME = 8;

export function Said({ project }: { project: Held }) {
  const t = useT();
  const act = useAct();
  const [before, setBefore] = useState<string[]>([]);
  const cursor = before.at(-1) ?? "";
  const query = useQuery({
    queryKey: ["predictions", project.name, cursor],
    queryFn: () =>
      ok(
        api.GET("/api/projects/{project}/predictions", {
          params: { path: { project: project.name }, query: { limit: AT_A_TIME, cursor } },
        }),
      ),
    placeholderData: (held) => held,
  });
  return (
    <Panel
      title={t("said.title")}
      about={t("said.about")}
      actions={
        <Button
          variant="light"
          leftSection={<IconCrystalBall size={17} />}
          loading={act.isPending}
          onClick={() =>
            act.mutate(() =>
              ok(api.POST("/api/projects/{project}/predictions", { ...path(project.name), body: {} })),
            )
          }
        >
          {t("said.do")}
        </Button>
      }
    >
      <Loaded query={query} lines={4}>
        {({ items, total, next }) =>
          items.length ? (
            <>
              <ul className="plain ruled">
                {items.map((one) => (
                  <One key={one.id} one={one} task={project.task} />
                ))}
              </ul>
              {total > AT_A_TIME && (
                <Turn before={before} next={next} turn={setBefore}>
                  {t("said.count", { n: total })}
                </Turn>
              )}
            </>
          ) : (
            <p className="dim">{t("said.none")}</p>
          )
        }
      </Loaded>
    </Panel>
  );
}

function One({ one, task }: { one: Prediction; task: string }) {
  const t = useT();
  const format = useFormat();
  const feature = useFeatureName();
  const figure = (value: number) => format.number(value, 2);
  const most = Math.max(...one.reasons.map((each) => Math.abs(each.moves)), 1e-9);
  return (
    <li>
      <span className="row">
        <strong className={classes.said}>{one.label ?? figure(one.value)}</strong>
        {one.chance != null && (
          <Badge color="clay">{t("said.chance", { share: format.percent(one.chance) })}</Badge>
        )}
        {one.low != null && one.high != null && (
          <span>{t("said.between", { low: figure(one.low), high: figure(one.high) })}</span>
        )}
        {one.suppressed && <Badge color="gray">{t("anomalies.suppressed")}</Badge>}
        <span className="dim push">{t("said.due", { at: format.time(one.due) })}</span>
      </span>
      {one.reasons.length > 0 && (
        <ul className={classes.reasons} aria-label={t("said.why")}>
          {one.reasons.slice(0, 4).map((each) => (
            <li key={each.feature}>
              <span title={each.feature}>{feature(each.feature)}</span>
              <span>{each.value == null || !tells(each.feature) ? "" : figure(each.value)}</span>
              <span className={classes.better} aria-hidden dir="ltr">
                <i />
                <span
                  data-earned={each.moves > 0 || undefined}
                  style={{
                    left: `${each.moves > 0 ? 50 : 50 + (50 * each.moves) / most}%`,
                    width: `${(50 * Math.abs(each.moves)) / most}%`,
                  }}
                />
              </span>
              <span className="dim">
                {t(each.moves > 0 ? "said.up" : "said.down", { by: figure(Math.abs(each.moves)) })}
              </span>
            </li>
          ))}
        </ul>
      )}
      <Group mt="xs" justify="space-between">
        {one.outcome != null ? (
          <span>
            {t("said.was", { was: typeof one.outcome === "number" ? figure(one.outcome) : one.outcome })}
          </span>
        ) : (
          <span className="dim">{t("said.open")}</span>
        )}
        <Word one={one} task={task} />
      </Group>
    </li>
  );
}

/** Right, wrong and what it was, or no anomaly at all. */
function Word({ one, task }: { one: Prediction; task: string }) {
  const t = useT();
  const news = useNews();
  const act = useAct();
  const may = useMay("approve");
  const [wrong, setWrong] = useState(false);
  const [anew, setAnew] = useState(false); // another word than the one that was given
  const [label, setLabel] = useState("");
  const send = (verdict: "right" | "wrong" | "not_an_anomaly", was: string | null = null) =>
    ok(
      api.POST("/api/predictions/{prediction}/feedback", {
        params: { path: { prediction: one.id } },
        body: { verdict, label: was },
      }),
    );
  const say = (verdict: "right" | "wrong" | "not_an_anomaly", was: string | null = null) =>
    act.mutate(async () => {
      const told = await send(verdict, was);
      setWrong(false);
      setAnew(false);
      const rule = told.suppression;
      const undo = () =>
        act.mutate(() =>
          ok(
            api.DELETE("/api/suppressions/{suppression}", { params: { path: { suppression: rule ?? "" } } }),
          ),
        );
      news.done(t(`said.told.${verdict}`), rule ? undo : undefined);
    });
  if (one.feedback && !anew)
    return (
      <Group gap="xs">
        <Badge color="moss">{t(`said.verdict.${one.feedback.verdict}`)}</Badge>
        {may && (
          <Button size="compact-sm" variant="subtle" color="gray" c="inherit" onClick={() => setAnew(true)}>
            {t("settings.do")}
          </Button>
        )}
      </Group>
    );
  if (!may) return null;
  if (wrong) {
    const submit = (event: FormEvent) => {
      event.preventDefault();
      say("wrong", label.trim() || null);
    };
    return (
      <form onSubmit={submit}>
        <Group gap="xs" align="flex-end">
          <TextInput
            size="xs"
            label={t("said.instead")}
            value={label}
            onChange={(event) => setLabel(event.currentTarget.value)}
            maxLength={200}
            data-autofocus
          />
          <Button size="xs" type="submit" loading={act.isPending}>
            {t("action.save")}
          </Button>
          <Button size="xs" variant="default" onClick={() => setWrong(false)}>
            {t("action.cancel")}
          </Button>
        </Group>
      </form>
    );
  }
  const anomaly = task === "anomaly";
  return (
    <Group gap="xs">
      {anomaly && one.value >= 1 && (
        <Button
          size="compact-sm"
          variant="subtle"
          loading={act.isPending}
          onClick={() => say("not_an_anomaly")}
        >
          {t("said.not_an_anomaly")}
        </Button>
      )}
      <Button
        size="compact-sm"
        variant="subtle"
        leftSection={<IconCheck size={15} />}
        loading={act.isPending}
        onClick={() => say("right")}
      >
        {t("said.right")}
      </Button>
      <Button
        size="compact-sm"
        variant="subtle"
        leftSection={<IconX size={15} />}
        disabled={act.isPending}
        onClick={() => (anomaly ? say("wrong") : setWrong(true))}
      >
        {t("said.wrong")}
      </Button>
    </Group>
  );
}
