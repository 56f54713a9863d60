/** One draft beside the message it answers: edit, approve, reject, send. An approval covers what is seen here. */
import { Alert, Button, Group, Radio, Select, Textarea, TextInput } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconArrowBackUp, IconCheck, IconPencil, IconSend, IconX } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type KeyboardEvent, useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { useNews } from "../../components/Confirm";
import { MachineLabel } from "../../components/Machine";
import { Panel } from "../../components/Page";
import { Loaded } from "../../components/states";
import { useMay } from "../../hooks/session";
import { useFormat, useT, useWord } from "../../i18n";
import { deliver } from "./deliver";
import { StateBadge } from "./Review";
import classes from "./Review.module.css";

type Draft = Schemas["DraftView"];
type Mode = "look" | "edit" | "reject";

const OPEN: Draft["state"][] = ["proposed", "edited"];

/** The draft as its reviewer has to see it, asked for anew whenever something of it changed. */
export function Decide({ id }: { id: string }) {
  const query = useQuery({
    queryKey: ["drafts", "one", id],
    queryFn: () => ok(api.GET("/api/drafts/{draft}", { params: { path: { draft: id } } })),
    staleTime: 0,
  });
  return (
    <Loaded query={query}>{(draft) => <Desk key={`${draft.id}.${draft.revision}`} draft={draft} />}</Loaded>
  );
}

function Desk({ draft }: { draft: Draft }) {
  const t = useT();
  const word = useWord();
  const news = useNews();
  const client = useQueryClient();
  const may = useMay("approve");
  const [mode, setMode] = useState<Mode>("look");
  const path = { params: { path: { draft: draft.id } } };
  const act = useMutation({
    mutationFn: (work: () => Promise<unknown>) => work(),
    onSettled: () => client.invalidateQueries({ queryKey: ["drafts"] }),
    onError: news.failed,
  });
  const open = OPEN.includes(draft.state);
  const hidden = draft.hidden.length > 0;

  const revoke = () => act.mutate(() => ok(api.POST("/api/drafts/{draft}/revoke", path)));
  const reopen = () => act.mutate(() => ok(api.POST("/api/drafts/{draft}/reopen", path)));
  const approve = () =>
    act.mutate(async () => {
      await ok(api.POST("/api/drafts/{draft}/approve", { ...path, body: { digest: draft.digest, hidden } }));
      news.done(t("review.approved"), revoke);
    });
  const reject = (reason: string, about: "style" | "content") =>
    act.mutate(async () => {
      await ok(api.POST("/api/drafts/{draft}/reject", { ...path, body: { reason, about } }));
      news.done(t("review.rejected"), reopen);
    });
  const send = () =>
    act.mutate(async () => {
      const told = await ok(api.POST("/api/drafts/{draft}/send", path));
      await deliver(draft.channel, told);
      news.done(word("review.sent", draft.channel));
    });
  const clean = () =>
    act.mutate(() => ok(api.PATCH("/api/drafts/{draft}", { ...path, body: { clean: true } })));
  const save = (changed: { text: string; recipient: string; channel: string; subject: string }) =>
    act.mutate(async () => {
      await ok(api.PATCH("/api/drafts/{draft}", { ...path, body: { ...changed, clean: false } }));
      setMode("look");
    });

  useHotkeys([
    ["e", () => may && (open || draft.state === "approved") && setMode("edit")],
    ["a", () => may && open && mode === "look" && approve()],
    ["x", () => may && open && setMode("reject")],
    ["s", () => may && draft.state === "approved" && send()],
    ["Escape", () => setMode("look")],
  ]);

  return (
    <div className="stack">
      <div className={classes.sides}>
        <section className={classes.theirs} aria-label={t("review.message")}>
          <p className={classes.side}>
            <bdi>{draft.contact || draft.recipient || t("review.somebody")}</bdi>
          </p>
          {draft.before.map((turn, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a turn is its place
            <p key={i} className={`words ${classes.before}`}>
              <bdi className="dim">{turn.role === "owner" ? t("contacts.me") : turn.speaker}</bdi> {turn.text}
            </p>
          ))}
          <p className="words">{draft.message || t("review.nomessage")}</p>
        </section>
        <section
          className={classes.ours}
          aria-label={t("review.draft")}
          data-own={draft.state === "edited" || undefined}
        >
          <div className={classes.side}>
            <MachineLabel label={draft.label} />
            <StateBadge state={draft.state} />
          </div>
          {mode === "edit" ? (
            <Edit draft={draft} busy={act.isPending} save={save} cancel={() => setMode("look")} />
          ) : (
            <>
              <p className="words">{draft.text}</p>
              {draft.text !== draft.proposal && (
                <details>
                  <summary>{t("review.proposal")}</summary>
                  <p className={`words ${classes.struck}`}>{draft.proposal}</p>
                </details>
              )}
            </>
          )}
        </section>
      </div>
      {mode === "look" && open && (
        <details className={classes.leaves} open={hidden}>
          <summary>{t("review.leaves")}</summary>
          <p className="words">{draft.marked}</p>
        </details>
      )}
      {draft.barred && (
        <Alert color="red" title={t("review.barred")}>
          {draft.barred}
        </Alert>
      )}
      {hidden && mode === "look" && (
        <Alert color="red" title={t("review.hidden")}>
          <p>
            {t("review.hidden.text", { names: [...new Set(draft.hidden.map((one) => one.name))].join(", ") })}
          </p>
          <Button size="xs" variant="default" onClick={clean}>
            {t("review.hidden.clean")}
          </Button>
        </Alert>
      )}
      {mode === "reject" && <Reject busy={act.isPending} reject={reject} cancel={() => setMode("look")} />}
      {mode === "look" && may && (
        <Group>
          {open && (
            <>
              <Button leftSection={<IconCheck size={17} />} onClick={approve} loading={act.isPending}>
                {t("review.approve")}
              </Button>
              <Button
                variant="default"
                leftSection={<IconPencil size={17} />}
                onClick={() => setMode("edit")}
              >
                {t("review.edit")}
              </Button>
              <Button
                variant="subtle"
                color="red"
                leftSection={<IconX size={17} />}
                onClick={() => setMode("reject")}
              >
                {t("review.reject")}
              </Button>
            </>
          )}
          {draft.state === "approved" && (
            <>
              <Button leftSection={<IconSend size={17} />} onClick={send} loading={act.isPending}>
                {t("review.send")}
              </Button>
              <Button
                variant="default"
                leftSection={<IconPencil size={17} />}
                onClick={() => setMode("edit")}
              >
                {t("review.edit")}
              </Button>
              <Button variant="subtle" leftSection={<IconArrowBackUp size={17} />} onClick={revoke}>
                {t("review.revoke")}
              </Button>
            </>
          )}
          {draft.state === "rejected" && (
            <Button variant="default" leftSection={<IconArrowBackUp size={17} />} onClick={reopen}>
              {t("review.reopen")}
            </Button>
          )}
          {draft.state === "perhaps" && <Settle draft={draft} act={act.mutate} />}
        </Group>
      )}
      <Facts draft={draft} />
    </div>
  );
}

function Edit(props: {
  draft: Draft;
  busy: boolean;
  save: (changed: { text: string; recipient: string; channel: string; subject: string }) => void;
  cancel: () => void;
}) {
  const t = useT();
  const word = useWord();
  const { draft } = props;
  const [text, setText] = useState(draft.text);
  const [recipient, setRecipient] = useState(draft.recipient);
  const [subject, setSubject] = useState(draft.subject);
  const [channel, setChannel] = useState(draft.channel);
  const channels = useQuery({
    queryKey: ["channels"],
    queryFn: () => ok(api.GET("/api/channels")),
    staleTime: 60_000,
  });
  const save = () => props.save({ text, recipient, channel, subject });
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
    if (event.key === "Escape") props.cancel();
  };
  const names = channels.data?.items.filter((one) => !one.lacks).map((one) => one.name) ?? [draft.channel];
  return (
    <div className="stack" onKeyDown={keys}>
      <Textarea
        label={t("review.text")}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        autosize
        minRows={4}
        data-autofocus
        dir="auto"
      />
      <div className="halves">
        <Select
          label={t("review.channel")}
          data={names.map((name) => ({ value: name, label: word("channel", name) }))}
          value={channel}
          onChange={(value) => setChannel(value ?? draft.channel)}
          allowDeselect={false}
        />
        <TextInput
          label={t("review.recipient")}
          value={recipient}
          onChange={(event) => setRecipient(event.currentTarget.value)}
          dir="auto"
        />
      </div>
      {channel !== "copy" && (
        <TextInput
          label={t("review.subject")}
          value={subject}
          onChange={(event) => setSubject(event.currentTarget.value)}
          dir="auto"
        />
      )}
      <Group>
        <Button onClick={save} loading={props.busy}>
          {t("review.save")}
        </Button>
        <Button variant="default" onClick={props.cancel}>
          {t("action.cancel")}
        </Button>
      </Group>
      <p className="dim">{t("review.voids")}</p>
    </div>
  );
}

function Reject(props: {
  busy: boolean;
  reject: (reason: string, about: "style" | "content") => void;
  cancel: () => void;
}) {
  const t = useT();
  const [reason, setReason] = useState("");
  const [about, setAbout] = useState<"style" | "content">("style");
  return (
    <Panel title={t("review.why")} about={t("review.why.about")}>
      <div className="stack">
        <Radio.Group
          value={about}
          onChange={(value) => setAbout(value as "style" | "content")}
          label={t("review.about")}
        >
          <Group mt={6}>
            <Radio value="style" label={t("review.about.style")} />
            <Radio value="content" label={t("review.about.content")} />
          </Group>
        </Radio.Group>
        <TextInput
          label={t("review.reason")}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          dir="auto"
          data-autofocus
        />
        <Group>
          <Button color="red" loading={props.busy} onClick={() => props.reject(reason, about)}>
            {t("review.reject")}
          </Button>
          <Button variant="default" onClick={props.cancel}>
            {t("action.cancel")}
          </Button>
        </Group>
      </div>
    </Panel>
  );
}

function Settle({ draft, act }: { draft: Draft; act: (work: () => Promise<unknown>) => void }) {
  const t = useT();
  const settle = (sent: boolean) =>
    act(() =>
      ok(api.POST("/api/drafts/{draft}/settle", { params: { path: { draft: draft.id } }, body: { sent } })),
    );
  return (
    <Alert color="orange" title={t("review.perhaps")}>
      <p>{t("review.perhaps.text")}</p>
      <Group>
        <Button size="xs" onClick={() => settle(true)}>
          {t("review.perhaps.sent")}
        </Button>
        <Button size="xs" variant="default" onClick={() => settle(false)}>
          {t("review.perhaps.not")}
        </Button>
      </Group>
    </Alert>
  );
}

function Facts({ draft }: { draft: Draft }) {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  return (
    <Panel title={t("review.history")}>
      <p className="dim">
        {t("review.by", { model: draft.model, channel: word("channel", draft.channel), label: draft.label })}
      </p>
      <ul className={classes.steps}>
        {draft.steps.map((step) => (
          <li key={`${step.at}${step.what}`}>
            <time dateTime={step.at}>{format.time(step.at)}</time>
            {word("draft.step", step.what)}
            {step.note && <bdi className="dim"> · {step.note}</bdi>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
