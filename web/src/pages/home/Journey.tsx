/** From an empty vault to the first answer, one step at a time, with nothing to read elsewhere. */
import { Button, TextInput } from "@mantine/core";
import { IconCheck, IconPlayerPlay, IconSend } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { useNavigate } from "react-router";
import { api, ok } from "../../client";
import { useNews } from "../../components/Confirm";
import { JobProgress } from "../../components/JobProgress";
import { Page } from "../../components/Page";
import { useAllowed, useModels, useSources } from "../../hooks/data";
import { runs, useJob, useJobs } from "../../hooks/jobs";
import { useFormat, useT } from "../../i18n";
import { First } from "../sources/First";
import { Import } from "../sources/Import";
import { useSourceName } from "../sources/names";
import classes from "./Journey.module.css";

type State = "done" | "now" | "later";

export function Journey() {
  const t = useT();
  const sourceName = useSourceName();
  const format = useFormat();
  const allowed = useAllowed();
  const sources = useSources();
  const models = useModels();
  const messages = (sources.data?.items ?? []).reduce((sum, one) => sum + one.records, 0);
  const trained = (models.data?.items ?? []).length > 0;
  const at = allowed.size === 0 ? 0 : messages === 0 ? 1 : trained ? 3 : 2;
  const state = (step: number): State => (step < at ? "done" : step === at ? "now" : "later");
  return (
    <Page title={t("journey.title")} lead={t("journey.lead")}>
      <ol className={classes.steps}>
        <Step
          n={1}
          state={state(0)}
          title={t("journey.consent")}
          told={t("journey.consent.done", { sources: format.list([...allowed].map(sourceName)) })}
          text={t("journey.consent.text")}
        >
          <First />
        </Step>
        <Step
          n={2}
          state={state(1)}
          title={t("journey.import")}
          told={t("journey.import.done", { n: messages })}
          text={t("journey.import.text")}
        >
          <Import />
        </Step>
        <Step
          n={3}
          state={state(2)}
          title={t("journey.train")}
          told={t("journey.train.done")}
          text={t("journey.train.text")}
        >
          <Learning />
        </Step>
        <Step n={4} state={state(3)} title={t("journey.ask")} told="" text={t("journey.ask.text")}>
          <Asking />
        </Step>
      </ol>
    </Page>
  );
}

function Step(props: {
  n: number;
  state: State;
  title: string;
  told: string;
  text: string;
  children: ReactNode;
}) {
  const format = useFormat();
  return (
    <li
      className={classes.step}
      data-state={props.state}
      aria-current={props.state === "now" ? "step" : undefined}
    >
      <span className={classes.mark} aria-hidden>
        {props.state === "done" ? <IconCheck size={18} /> : format.number(props.n)}
      </span>
      <div className={classes.body}>
        <h2 className={classes.title}>{props.title}</h2>
        <p className={classes.text}>{props.state === "done" ? props.told : props.text}</p>
        {props.state === "now" && <div className={classes.work}>{props.children}</div>}
      </div>
    </li>
  );
}

function Learning() {
  const t = useT();
  const news = useNews();
  const client = useQueryClient();
  const jobs = useJobs();
  const latest = jobs.data?.items.find((one) => one.kind === "train");
  const job = useJob(latest?.id ?? null);
  const start = useMutation({
    mutationFn: () =>
      ok(
        api.POST("/api/models", { body: { method: "retrieval", prepare: true, anew: false, settings: {} } }),
      ),
    onError: news.failed,
    onSettled: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
  return (
    <div className="stack">
      {job.data && <JobProgress job={job.data} />}
      {!runs(job.data) && (
        <div>
          <Button
            size="md"
            leftSection={<IconPlayerPlay size={18} />}
            loading={start.isPending}
            onClick={() => start.mutate()}
          >
            {t("journey.train.do")}
          </Button>
        </div>
      )}
    </div>
  );
}

function Asking() {
  const t = useT();
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const ask = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim()) void navigate("/chat", { state: { ask: text.trim() } });
  };
  return (
    <form className="row" onSubmit={ask}>
      <TextInput
        flex={1}
        miw={220}
        size="md"
        aria-label={t("chat.write")}
        placeholder={t("chat.idea.1")}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        dir="auto"
      />
      <Button type="submit" size="md" leftSection={<IconSend size={18} />}>
        {t("chat.send")}
      </Button>
    </form>
  );
}
