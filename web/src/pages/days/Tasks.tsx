/** What to do first, why, and the owner's word that this comes before that. */
import { Badge, Button, Checkbox, Group, NumberInput, TextInput } from "@mantine/core";
import { IconArrowUp, IconChecklist, IconPlus, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { useNews } from "../../components/Confirm";
import { Panel } from "../../components/Page";
import { Listed } from "../../components/states";
import { useAct } from "../../hooks/act";
import { useMay } from "../../hooks/session";
import { useFormat, useT } from "../../i18n";
import classes from "./Days.module.css";

type Task = Schemas["TaskView"];

export function Tasks() {
  const t = useT();
  const may = useMay("approve");
  const query = useQuery({
    queryKey: ["tasks"],
    queryFn: () => ok(api.GET("/api/days/tasks", { params: { query: { limit: 200 } } })),
  });
  return (
    <Panel title={t("tasks.title")} about={t("tasks.about")}>
      <div className="stack">
        <Listed
          query={query}
          lines={3}
          empty={{ icon: IconChecklist, title: t("tasks.empty"), children: t("tasks.empty.text") }}
        >
          {(items) => (
            <ol className={classes.tasks}>
              {items.map((one, i) => (
                <One key={one.id} task={one} before={items[i - 1]} />
              ))}
            </ol>
          )}
        </Listed>
        {may && <Add />}
      </div>
    </Panel>
  );
}

const at = (task: string) => ({ params: { path: { task } } });

function One({ task, before }: { task: Task; before: Task | undefined }) {
  const t = useT();
  const format = useFormat();
  const news = useNews();
  const act = useAct("tasks");
  const may = useMay("approve");
  const done = (now: boolean) =>
    ok(api.PATCH("/api/days/tasks/{task}", { ...at(task.id), body: { done: now } }));
  const add = () =>
    ok(api.POST("/api/days/tasks", { body: { text: task.text, due: task.due, minutes: task.minutes } }));
  return (
    <li>
      <span className={classes.place}>{task.priority ? format.number(task.priority) : ""}</span>
      <div>
        <Checkbox
          checked={false}
          disabled={!may || act.isPending}
          onChange={() =>
            act.mutate(async () => {
              await done(true);
              news.done(t("tasks.done", { task: task.text }), () => act.mutate(() => done(false)));
            })
          }
          label={<bdi className="words">{task.text}</bdi>}
        />
        <span className="row">
          {task.due && <span className="dim">{t("tasks.due", { at: format.time(task.due) })}</span>}
          {task.minutes && <span className="dim">{format.seconds(60 * task.minutes)}</span>}
          {task.why.map((one) => (
            <Badge key={one.feature} color={one.moves > 0 ? "moss" : "gray"} lang="en" dir="ltr">
              {one.moves > 0 ? "↑" : "↓"} {one.told}
            </Badge>
          ))}
        </span>
      </div>
      {may && (
        <Group gap={4} wrap="nowrap">
          {before && (
            <Button
              size="compact-sm"
              variant="subtle"
              leftSection={<IconArrowUp size={15} />}
              loading={act.isPending}
              aria-label={t("tasks.before.of", { task: task.text, other: before.text })}
              onClick={() =>
                act.mutate(async () => {
                  const told = await ok(
                    api.POST("/api/days/tasks/preferences", { body: { better: task.id, worse: before.id } }),
                  );
                  news.done(t("tasks.preferred", { n: told.total }));
                })
              }
            >
              {t("tasks.before")}
            </Button>
          )}
          <Button
            size="compact-sm"
            variant="subtle"
            color="gray"
            aria-label={t("tasks.remove.of", { task: task.text })}
            onClick={() =>
              act.mutate(async () => {
                await ok(api.DELETE("/api/days/tasks/{task}", at(task.id)));
                news.done(t("tasks.removed"), () => act.mutate(add));
              })
            }
          >
            <IconTrash size={15} />
          </Button>
        </Group>
      )}
    </li>
  );
}

function Add() {
  const t = useT();
  const act = useAct("tasks");
  const [text, setText] = useState("");
  const [due, setDue] = useState("");
  const [minutes, setMinutes] = useState<number | string>("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    act.mutate(async () => {
      await ok(
        api.POST("/api/days/tasks", {
          body: {
            text: text.trim(),
            due: due ? new Date(due).toISOString() : null,
            minutes: Number(minutes) || null,
          },
        }),
      );
      setText("");
      setDue("");
      setMinutes("");
    });
  };
  return (
    <form onSubmit={submit}>
      <Group align="flex-end">
        <TextInput
          label={t("tasks.text")}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          maxLength={4000}
          required
          style={{ flex: "1 1 14rem" }}
        />
        <TextInput
          type="datetime-local"
          label={t("tasks.until")}
          value={due}
          onChange={(event) => setDue(event.currentTarget.value)}
        />
        <NumberInput
          label={t("tasks.minutes")}
          value={minutes}
          onChange={setMinutes}
          min={1}
          step={15}
          w={120}
        />
        <Button
          type="submit"
          leftSection={<IconPlus size={17} />}
          loading={act.isPending}
          disabled={!text.trim()}
        >
          {t("tasks.add")}
        </Button>
      </Group>
    </form>
  );
}
