/** Talking with one's own clone: it answers piece by piece, says why, and every answer bears its label. */
import { ActionIcon, Alert, Button, Select, Textarea, Tooltip } from "@mantine/core";
import { IconMessageCircle, IconPlayerStop, IconRefresh, IconSend } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { Link, useLocation, useNavigate } from "react-router";
import { useNews } from "../../components/Confirm";
import { Page } from "../../components/Page";
import { Empty, Loaded, useSaid } from "../../components/states";
import { useContacts, useModels } from "../../hooks/data";
import { useT, useWord } from "../../i18n";
import { Bubble } from "./Bubble";
import classes from "./Chat.module.css";
import { useConversation } from "./conversation";

export default function Chat() {
  const t = useT();
  const models = useModels();
  return (
    <Loaded query={models}>
      {({ items }) =>
        items.length ? (
          <Talk />
        ) : (
          <Page title={t("nav.chat")} lead={t("chat.lead")}>
            <Empty
              icon={IconMessageCircle}
              title={t("chat.empty")}
              action={
                <Button component={Link} to="/">
                  {t("chat.empty.do")}
                </Button>
              }
            >
              {t("chat.empty.text")}
            </Empty>
          </Page>
        )
      }
    </Loaded>
  );
}

function Talk() {
  const t = useT();
  const word = useWord();
  const said = useSaid();
  const news = useNews();
  const client = useQueryClient();
  const models = useModels();
  const contacts = useContacts();
  const [model, setModel] = useState("champion");
  const [contact, setContact] = useState<string | null>(null);
  const [text, setText] = useState("");
  const talk = useConversation({ model, contact });
  const navigate = useNavigate();
  const end = useRef<HTMLDivElement>(null);
  const count = talk.exchanges.length;
  const length = talk.exchanges.at(-1)?.answer.length ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is new is scrolled to
  useEffect(() => {
    void end.current?.scrollIntoView({ block: "nearest" }); // a promise in newer browsers, and no way to clean up
  }, [count, length]);
  const asked = (useLocation().state as { ask?: string } | null)?.ask;
  const taken = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was asked elsewhere is asked once
  useEffect(() => {
    if (!asked || !talk.ready || taken.current) return;
    taken.current = true; // effects may run twice
    void navigate("/chat", { replace: true, state: null });
    void talk.ask(asked);
  }, [asked, talk.ready]);
  const send = () => {
    const message = text.trim();
    if (!message || talk.busy) return;
    setText("");
    void talk.ask(message);
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      send();
    }
    if (event.key === "Escape" && talk.busy) talk.stop();
  };
  const people = (contacts.data?.items ?? []).filter(
    (one) => one.pseudonym !== "me" && !one.excluded && !one.objected,
  );
  return (
    <div className={classes.chat}>
      <div className={classes.head}>
        <h1 className={classes.title}>{t("nav.chat")}</h1>
        <Select
          aria-label={t("chat.voice")}
          value={model}
          onChange={(value) => setModel(value ?? "champion")}
          allowDeselect={false}
          data={[
            { value: "champion", label: t("chat.champion") },
            ...(models.data?.items ?? []).map((one) => ({
              value: one.id,
              label: `${one.id} · ${word("method", one.method)}`,
            })),
          ]}
          size="sm"
          className={classes.choice}
        />
        <Select
          aria-label={t("chat.as")}
          placeholder={t("chat.anybody")}
          value={contact}
          onChange={setContact}
          clearable
          searchable
          clearButtonProps={{ "aria-label": t("chat.anybody") }}
          data={people.slice(0, 200).map((one) => ({ value: one.pseudonym, label: one.name }))}
          size="sm"
          className={classes.choice}
        />
        <Tooltip label={t("chat.anew")}>
          <ActionIcon
            variant="default"
            size={36}
            aria-label={t("chat.anew")}
            onClick={() => {
              void talk.reset().then(() => {
                news.done(t("chat.anew.done"));
                void client.invalidateQueries({ queryKey: ["history"] });
              }, news.failed);
            }}
          >
            <IconRefresh size={18} />
          </ActionIcon>
        </Tooltip>
      </div>
      <div className={classes.talk} role="log" aria-label={t("chat.log")} aria-live="polite" tabIndex={0}>
        {count === 0 && (
          <div className={classes.begin}>
            <IconMessageCircle size={34} stroke={1.3} aria-hidden />
            <h2>{t("chat.begin")}</h2>
            <p>{t("chat.begin.text")}</p>
            <div className={classes.ideas}>
              {(["chat.idea.1", "chat.idea.2", "chat.idea.3"] as const).map((idea) => (
                <Button
                  key={idea}
                  variant="default"
                  radius="xl"
                  size="sm"
                  onClick={() => void talk.ask(t(idea))}
                >
                  {t(idea)}
                </Button>
              ))}
            </div>
          </div>
        )}
        {talk.exchanges.map((one) => (
          <Bubble
            key={one.key}
            exchange={one}
            contact={people.find((other) => other.pseudonym === one.contact)?.name}
          />
        ))}
        {talk.error ? (
          <Alert color="red" title={said(talk.error).title}>
            {said(talk.error).text}
          </Alert>
        ) : null}
        <div ref={end} />
      </div>
      <div className={classes.write}>
        <Textarea
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={keys}
          placeholder={t("chat.write")}
          aria-label={t("chat.write")}
          autosize
          minRows={1}
          maxRows={6}
          dir="auto"
          radius="lg"
          size="md"
        />
        {talk.busy ? (
          <ActionIcon size={46} radius="xl" color="clay" aria-label={t("chat.stop")} onClick={talk.stop}>
            <IconPlayerStop size={20} />
          </ActionIcon>
        ) : (
          <ActionIcon
            size={46}
            radius="xl"
            aria-label={t("chat.send")}
            onClick={send}
            disabled={!text.trim()}
          >
            <IconSend size={20} className={classes.plane} />
          </ActionIcon>
        )}
      </div>
      <p className={classes.note}>{t("chat.note")}</p>
    </div>
  );
}
