/** Whether this machine collects, what it costs, and a way to begin, pause and end it. */
import { Alert, Badge, Button, Checkbox, Group, Menu } from "@mantine/core";
import { IconEyeOff, IconPlayerPlay, IconPlayerStop, IconShieldCheck } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok } from "../../client";
import { useNews } from "../../components/Confirm";
import { Notes } from "../../components/Notes";
import { Figure, Panel } from "../../components/Page";
import { Failure, Loaded } from "../../components/states";
import { useAct } from "../../hooks/act";
import { useMay } from "../../hooks/session";
import { useFormat, useT, useWord } from "../../i18n";
import classes from "./Days.module.css";
import { allowEvents, type Collecting as Held, useCollecting } from "./hooks";

const MIB = 1024 * 1024;
const PAUSES = [15, 60, 240];

export function Collecting() {
  const t = useT();
  const query = useCollecting();
  return (
    <Panel title={t("collect.title")} about={t("collect.about")}>
      <Loaded query={query} lines={3}>
        {(held) => (
          <div className="stack">
            {held.private && <Paused held={held} />}
            {held.running ? <Running held={held} /> : <Begin held={held} />}
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

/** What changes how collecting stands, and says so at once. */
function useChange() {
  const client = useQueryClient();
  const act = useAct("collecting");
  const change = (work: () => Promise<Held>) =>
    act.mutate(async () => client.setQueryData(["collecting"], await work()));
  return { act, change };
}

const begin = () => ok(api.POST("/api/collecting/start"));
const end = () => ok(api.POST("/api/collecting/stop"));
const pause = (minutes: number | null) => ok(api.POST("/api/collecting/pause", { body: { minutes } }));

function Running({ held }: { held: Held }) {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  const news = useNews();
  const may = useMay("admin");
  const { act, change } = useChange();
  const private_ = (minutes: number | null) =>
    change(async () => {
      const now = await pause(minutes);
      news.done(t("collect.paused"), () => change(begin));
      return now;
    });
  return (
    <>
      <div className="figures">
        <Figure
          value={format.number(held.kept)}
          label={t("collect.kept")}
          note={held.since ? t("collect.since", { at: format.time(held.since) }) : undefined}
        />
        <Figure value={format.number(held.excluded)} label={t("collect.excluded")} />
        <Figure value={`${format.number(held.cpu, 2)} %`} label={t("collect.cpu")} />
        <Figure value={format.bytes(held.memory_mib * MIB)} label={t("collect.memory")} />
      </div>
      {held.dropped > 0 && <Alert color="orange" title={t("collect.dropped", { n: held.dropped })} />}
      <ul className={classes.sensors} aria-label={t("collect.sensors")}>
        {Object.entries(held.collectors).map(([name, state]) => (
          <li key={name}>
            <strong>{word("collector", name)}</strong>
            <Badge color={state === "running" ? "moss" : "orange"}>{word("collect.state", state)}</Badge>
          </li>
        ))}
      </ul>
      <Notes notes={held.notes} />
      {may && (
        <Group>
          {!held.private && (
            <Menu>
              <Menu.Target>
                <Button variant="light" leftSection={<IconEyeOff size={17} />} loading={act.isPending}>
                  {t("collect.private")}
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                {PAUSES.map((minutes) => (
                  <Menu.Item key={minutes} onClick={() => private_(minutes)}>
                    {t("collect.private.for", { time: format.seconds(minutes * 60) })}
                  </Menu.Item>
                ))}
                <Menu.Item onClick={() => private_(null)}>{t("collect.private.open")}</Menu.Item>
              </Menu.Dropdown>
            </Menu>
          )}
          <Button
            variant="default"
            leftSection={<IconPlayerStop size={17} />}
            loading={act.isPending}
            onClick={() =>
              change(async () => {
                const now = await end();
                news.done(t("collect.ended"), () => change(begin));
                return now;
              })
            }
          >
            {t("collect.stop")}
          </Button>
        </Group>
      )}
    </>
  );
}

function Paused({ held }: { held: Held }) {
  const t = useT();
  const format = useFormat();
  const may = useMay("admin");
  const { act, change } = useChange();
  return (
    <Alert
      color="clay"
      icon={<IconEyeOff />}
      title={
        held.private_until
          ? t("collect.private.until", { at: format.time(held.private_until) })
          : t("collect.private.now")
      }
    >
      {may && held.running && (
        <Button size="xs" loading={act.isPending} onClick={() => change(begin)}>
          {t("collect.goon")}
        </Button>
      )}
    </Alert>
  );
}

/** What may be watched is chosen by who is watched, with what each does; then it begins. */
function Begin({ held }: { held: Held }) {
  const t = useT();
  const word = useWord();
  const may = useMay("admin");
  const news = useNews();
  const { act, change } = useChange();
  const wanted = held.available.filter((one) => one.wanted);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const able = wanted.filter((one) => !one.why_not);
  const chosen = able.filter((one) => one.allowed || !left.has(one.name));
  const fresh = chosen.filter((one) => !one.allowed);
  const start = () =>
    change(async () => {
      for (const one of fresh) await allowEvents(one.name);
      const now = await begin();
      news.done(t("collect.begun"), () => change(end));
      return now;
    });
  const toggle = (name: string, on: boolean) => {
    const now = new Set(left);
    if (on) now.delete(name);
    else now.add(name);
    setLeft(now);
  };
  return (
    <>
      <p className={classes.lead}>{t(held.since ? "collect.rests" : "collect.never")}</p>
      <div className={classes.choices}>
        {wanted.map((one) => (
          <Checkbox
            key={one.name}
            checked={!one.why_not && (one.allowed || !left.has(one.name))}
            disabled={!may || !!one.why_not || one.allowed}
            onChange={(event) => toggle(one.name, event.currentTarget.checked)}
            label={word("collector", one.name)}
            description={
              one.why_not ? t("collect.cannot", { why: one.why_not }) : word("collector.about", one.name)
            }
          />
        ))}
      </div>
      <p className="dim">{t("collect.terms")}</p>
      {act.error && <Failure error={act.error} />}
      {may && (
        <Group>
          <Button
            size="md"
            leftSection={fresh.length ? <IconShieldCheck size={18} /> : <IconPlayerPlay size={18} />}
            loading={act.isPending}
            disabled={!chosen.length}
            onClick={start}
          >
            {t(fresh.length ? "collect.allow" : "collect.start")}
          </Button>
        </Group>
      )}
    </>
  );
}
