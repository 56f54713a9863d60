/** A question and its answer: the label, why this answer, and what the owner thinks of it. */
import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconMailPlus, IconMoodCheck, IconMoodSad, IconQuestionMark } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { api, ok } from "../../client";
import { useNews } from "../../components/Confirm";
import { MachineLabel } from "../../components/Machine";
import { useMay } from "../../hooks/session";
import { useFormat, useT } from "../../i18n";
import classes from "./Chat.module.css";
import type { Exchange } from "./conversation";

export function Bubble({ exchange, contact }: { exchange: Exchange; contact?: string }) {
  const t = useT();
  const news = useNews();
  const navigate = useNavigate();
  const may = useMay("approve");
  const [why, setWhy] = useState(false);
  const [liked, setLiked] = useState<boolean | null>(null);
  const rate = useMutation({
    mutationFn: async (good: boolean) => {
      await ok(api.POST("/api/feedback", { body: { answer: exchange.id ?? "", good, note: "" } }));
      setLiked(good);
    },
    onSuccess: () => news.done(t("chat.thanks")),
    onError: news.failed,
  });
  const draft = useMutation({
    mutationFn: () =>
      ok(
        api.POST("/api/drafts", {
          body: { text: exchange.question, contact: exchange.contact, model: exchange.model },
        }),
      ),
    onSuccess: () => {
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
              {exchange.because.length > 0 && (
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
        {why && <Because exchange={exchange} />}
      </div>
    </>
  );
}

function Because({ exchange }: { exchange: Exchange }) {
  const t = useT();
  const format = useFormat();
  return (
    <ul className={classes.reasons} aria-label={t("chat.why")}>
      {exchange.because.map((one) => (
        <li key={`${one.context}${one.reply}`}>
          <p className={`words ${classes.before}`}>{one.context}</p>
          <p className="words">
            <strong>{one.reply}</strong>
          </p>
          <p className="dim">
            {t("chat.alike", { share: format.percent(one.similarity) })}
            {one.platform ? ` · ${one.platform}` : ""}
          </p>
        </li>
      ))}
    </ul>
  );
}
