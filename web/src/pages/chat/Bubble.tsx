/** A question and its answer: the label, why this answer, and what the owner thinks of it. */
import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconMailPlus, IconMoodCheck, IconMoodSad, IconQuestionMark } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { api, ok } from "../../client";
import { useNews } from "../../components/Confirm";
import { MachineLabel } from "../../components/Machine";
import { Loaded } from "../../components/states";
import { useMay } from "../../hooks/session";
import { useFormat, useT, useWord } from "../../i18n";
import { useSourceName } from "../sources/names";
import classes from "./Chat.module.css";
import { type Exchange, SESSION } from "./conversation";

export function Bubble({ exchange, contact }: { exchange: Exchange; contact?: string }) {
  const t = useT();
  const news = useNews();
  const client = useQueryClient();
  const navigate = useNavigate();
  const may = useMay("approve");
  const [why, setWhy] = useState(false);
  const [liked, setLiked] = useState<boolean | null>(null);
  const rate = useMutation({
    mutationFn: async (good: boolean) => {
      await ok(
        api.POST("/api/ai-echo/sessions/{session}/messages/{message}/rating", {
          params: { path: { session: SESSION, message: exchange.id ?? "" } },
          body: { up: good, about: "style", reason: "" },
        }),
      );
      setLiked(good);
    },
    onSuccess: () => news.done(t("chat.thanks")),
    onError: news.failed,
  });
  const draft = useMutation({
    mutationFn: () =>
      ok(
        api.POST("/api/drafts", {
          body: {
            text: exchange.question,
            message: "",
            contact: exchange.contact,
            model: exchange.model || "champion",
            channel: "",
            recipient: "",
          },
        }),
      ),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["drafts"] });
      news.done(t("chat.drafted"));
      void navigate("/review");
    },
    onError: news.failed,
  });
  return (
    <>
      <div className={classes.asked}>
        {contact && (
          <p className={classes.who}>
            <bdi>{contact}</bdi>
          </p>
        )}
        <p className="words">{exchange.question}</p>
      </div>
      <div className={classes.answered} aria-busy={exchange.streaming}>
        <p className={`words ${exchange.streaming ? classes.caret : ""}`} data-testid="answer">
          {exchange.answer || (exchange.streaming ? <span className="sr">{t("chat.thinking")}</span> : "…")}
        </p>
        {exchange.waiting !== undefined && <p className="dim">{t("chat.queue", { n: exchange.waiting })}</p>}
        <div className={classes.foot}>
          <MachineLabel label={exchange.label} />
          {exchange.fallback && <span className="dim">{exchange.fallback}</span>}
          {exchange.stopped && <span className="dim">{t("chat.stopped")}</span>}
          {!exchange.streaming && exchange.answer && (
            <>
              {exchange.id && (
                <Button
                  size="compact-xs"
                  variant="subtle"
                  color="clay"
                  c="inherit"
                  leftSection={<IconQuestionMark size={14} />}
                  aria-expanded={why}
                  onClick={() => setWhy(!why)}
                >
                  {t("chat.why")}
                </Button>
              )}
              {exchange.id && (
                <>
                  <Tooltip label={t("chat.good")}>
                    <ActionIcon
                      variant={liked === true ? "filled" : "subtle"}
                      color="moss"
                      size="sm"
                      aria-label={t("chat.good")}
                      aria-pressed={liked === true}
                      onClick={() => rate.mutate(true)}
                    >
                      <IconMoodCheck size={17} />
                    </ActionIcon>
                  </Tooltip>
                  <Tooltip label={t("chat.bad")}>
                    <ActionIcon
                      variant={liked === false ? "filled" : "subtle"}
                      color="clay"
                      size="sm"
                      aria-label={t("chat.bad")}
                      aria-pressed={liked === false}
                      onClick={() => rate.mutate(false)}
                    >
                      <IconMoodSad size={17} />
                    </ActionIcon>
                  </Tooltip>
                </>
              )}
              {may && (
                <Button
                  size="compact-xs"
                  variant="subtle"
                  color="clay"
                  c="inherit"
                  leftSection={<IconMailPlus size={14} />}
                  loading={draft.isPending}
                  onClick={() => draft.mutate()}
                >
                  {t("chat.draft")}
                </Button>
              )}
            </>
          )}
        </div>
        {why && exchange.id && <Because message={exchange.id} />}
      </div>
    </>
  );
}

/** What of the owner's past is nearest to what was asked; said again word for word, or what the voice was shown. */
function Because({ message }: { message: string }) {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  const sourceName = useSourceName();
  const why = useQuery({
    queryKey: ["why", message],
    queryFn: () =>
      ok(
        api.GET("/api/ai-echo/sessions/{session}/messages/{message}/why", {
          params: { path: { session: SESSION, message } },
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Loaded query={why} lines={2}>
      {({ nearest, model, method }) => (
        <ul className={classes.reasons} aria-label={t("chat.why")}>
          <li className="dim">{t("chat.because", { model, method: word("method", method) })}</li>
          {nearest.map((one) => (
            <li key={`${one.context}${one.reply}`}>
              <p className={`words ${classes.before}`}>{one.context}</p>
              <p className="words">
                <strong>{one.reply}</strong>
              </p>
              <p className="dim">
                {t("chat.alike", { share: format.percent(one.similarity) })}
                {one.platform ? ` · ${sourceName(one.platform)}` : ""}
              </p>
            </li>
          ))}
        </ul>
      )}
    </Loaded>
  );
}
