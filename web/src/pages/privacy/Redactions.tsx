/** What recognizers were not sure of, word by word; and the owner's own lists. */
import { ActionIcon, Badge, Button, Group, TextInput } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconCheck, IconEyeOff, IconTextPlus, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { useNews } from "../../components/Confirm";
import { Panel } from "../../components/Page";
import { Empty, Loaded } from "../../components/states";
import { useAct } from "../../hooks/act";
import { useMay } from "../../hooks/session";
import { useFormat, useT, useWord } from "../../i18n";
import classes from "./Privacy.module.css";

type Doubt = Schemas["DoubtView"];

export function Redactions() {
  const t = useT();
  const doubts = useQuery({
    queryKey: ["words", "review"],
    queryFn: () => ok(api.GET("/api/privacy/doubts", { params: { query: { limit: 50 } } })),
  });
  return (
    <>
      <Panel title={t("words.review")} about={t("words.review.about")}>
        <Loaded query={doubts}>
          {({ items, total }) => {
            const first = items[0];
            return first ? (
              <Asked key={first.value} doubt={first} left={total} />
            ) : (
              <Empty icon={IconCheck} title={t("words.none")}>
                {t("words.none.text")}
              </Empty>
            );
          }}
        </Loaded>
      </Panel>
      <Lists />
    </>
  );
}

function Asked({ doubt, left }: { doubt: Doubt; left: number }) {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  const news = useNews();
  const may = useMay("import");
  const decide = useAct("words");
  const undo = () =>
    decide.mutate(() => ok(api.POST("/api/privacy/decisions/undo", { body: { words: [doubt.value] } })));
  const say = (verdict: "keep" | "replace") =>
    decide.mutate(async () => {
      await ok(api.POST("/api/privacy/decisions", { body: { words: [doubt.value], verdict } }));
      news.done(t(verdict === "keep" ? "words.kept" : "words.replaced", { word: doubt.value }), undo);
    });
  useHotkeys([
    ["k", () => may && say("keep")],
    ["r", () => may && say("replace")],
  ]);
  return (
    <div className="stack">
      <div className="row">
        <strong className={classes.word}>
          <bdi>{doubt.value}</bdi>
        </strong>
        <Badge color="gray">{word("kind", doubt.kind)}</Badge>
        <span className="dim">
          {t("words.sure", { share: format.percent(doubt.score), n: doubt.count })}
          {doubt.replaced ? ` · ${t("words.hidden")}` : ""}
        </span>
        <span className="dim push">{t("words.left", { n: left })}</span>
      </div>
      <ul className={classes.places}>
        {doubt.contexts.map((one) => (
          <li key={one.message} className="words">
            …{one.before}
            <mark>{doubt.value}</mark>
            {one.after}…
          </li>
        ))}
      </ul>
      {may && (
        <Group>
          <Button
            leftSection={<IconEyeOff size={17} />}
            loading={decide.isPending}
            onClick={() => say("replace")}
          >
            {t("words.replace")}
          </Button>
          <Button variant="default" leftSection={<IconCheck size={17} />} onClick={() => say("keep")}>
            {t("words.keep")}
          </Button>
        </Group>
      )}
    </div>
  );
}

function Lists() {
  const t = useT();
  const decide = useAct("words");
  const may = useMay("import");
  const [word, setWord] = useState("");
  const lists = useQuery({ queryKey: ["words", "lists"], queryFn: () => ok(api.GET("/api/privacy/lists")) });
  const add = (event: FormEvent) => {
    event.preventDefault();
    const said = word.trim();
    if (!said) return;
    setWord("");
    decide.mutate(() =>
      ok(api.POST("/api/privacy/decisions", { body: { words: [said], verdict: "replace" } })),
    );
  };
  const drop = (said: string) =>
    decide.mutate(() => ok(api.POST("/api/privacy/decisions/undo", { body: { words: [said] } })));
  return (
    <Panel title={t("words.lists")} about={t("words.lists.about")}>
      {may && (
        <form onSubmit={add} className="row">
          <TextInput
            aria-label={t("words.add")}
            placeholder={t("words.add")}
            value={word}
            onChange={(event) => setWord(event.currentTarget.value)}
            dir="auto"
          />
          <Button type="submit" variant="light" leftSection={<IconTextPlus size={17} />}>
            {t("words.replace")}
          </Button>
        </form>
      )}
      <Loaded query={lists} lines={2}>
        {({ allowed, denied }) => (
          <div className="halves">
            {[
              { title: t("words.denied"), words: Object.keys(denied) },
              { title: t("words.allowed"), words: [...allowed] },
            ].map((list) => (
              <div key={list.title}>
                <h3 className="dim">{list.title}</h3>
                {list.words.length === 0 && <p className="dim">{t("words.nothing")}</p>}
                <div className="row">
                  {list.words.map((said) => (
                    <Badge
                      key={said}
                      color="gray"
                      size="lg"
                      rightSection={
                        may && (
                          <ActionIcon
                            size="xs"
                            variant="transparent"
                            c="inherit"
                            aria-label={t("words.drop", { word: said })}
                            onClick={() => drop(said)}
                          >
                            <IconX size={13} />
                          </ActionIcon>
                        )
                      }
                    >
                      <bdi>{said}</bdi>
                    </Badge>
                  ))}
                </div>
              </div>
            ))}
          </div>
        )}
      </Loaded>
    </Panel>
  );
}
