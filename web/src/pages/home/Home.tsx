/** What is here and what is next: the way to the first answer, and later how things stand. */
import { Button } from "@mantine/core";
import { IconInbox, IconMessageCircle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { api, ok } from "../../client";
import { JobProgress } from "../../components/JobProgress";
import { Figure, Page, Panel } from "../../components/Page";
import { Loaded } from "../../components/states";
import { useKept, useModels } from "../../hooks/data";
import { runs, useJobs } from "../../hooks/jobs";
import { useMay, useWaitingDrafts } from "../../hooks/session";
import { useFormat, useT, useWord } from "../../i18n";
import { Journey } from "./Journey";

export default function Home() {
  const models = useModels();
  const reads = useMay("read");
  const [led, setLed] = useState(false); // who came here without a clone is led on to its first answer
  const speaks = models.data?.items.some((one) => one.champion);
  if (speaks === false && !led) setLed(true);
  if (!reads) return <Aggregates />;
  return <Loaded query={models}>{() => (speaks && !led ? <Standing /> : <Journey />)}</Loaded>;
}

/** Who may see figures alone is not led to words. */
function Aggregates() {
  const t = useT();
  return (
    <Page title={t("home.welcome")} lead={t("home.aggregates")}>
      <div>
        <Button component={Link} to="/admin">
          {t("nav.admin")}
        </Button>
      </div>
    </Page>
  );
}

function Standing() {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  const models = useModels();
  const { query: kept, messages } = useKept();
  const waiting = useWaitingDrafts();
  const jobs = useJobs();
  const champion = models.data?.items.find((one) => one.champion);
  const going = (jobs.data?.items ?? []).filter(runs);
  const card = useQuery({
    queryKey: ["scorecards", champion?.id],
    queryFn: () =>
      ok(api.GET("/api/scorecards/{model}", { params: { path: { model: champion?.id ?? "" } } })),
    enabled: champion?.scored ?? false,
  });
  const like = card.data?.products?.[0]?.figure;
  return (
    <Page
      title={t("home.welcome")}
      lead={t("home.lead")}
      actions={
        <>
          <Button component={Link} to="/chat" leftSection={<IconMessageCircle size={18} />} size="md">
            {t("home.chat")}
          </Button>
          {waiting > 0 && (
            <Button
              component={Link}
              to="/review"
              variant="default"
              leftSection={<IconInbox size={18} />}
              size="md"
            >
              {t("nav.waiting", { n: waiting })}
            </Button>
          )}
        </>
      }
    >
      <div className="figures">
        <Figure
          value={kept.data ? format.number(messages.reduce((sum, one) => sum + one.records, 0)) : "–"}
          label={t("home.messages")}
          note={kept.data && t("home.from", { n: messages.length })}
        />
        <Figure
          value={champion?.id ?? "–"}
          label={t("home.voice")}
          note={champion ? word("method", champion.method) : ""}
        />
        <Figure
          value={like ? format.percent(like.value) : "–"}
          label={t("home.like")}
          note={t(like ? "home.like.note" : "home.like.none")}
        />
        <Figure value={format.number(waiting)} label={t("home.waiting")} note={t("home.waiting.note")} />
      </div>
      {going.length > 0 && (
        <Panel title={t("home.going")}>
          <div className="stack">
            {going.map((job) => (
              <JobProgress key={job.id} job={job} />
            ))}
          </div>
        </Panel>
      )}
      <Next judged={!!card.data} drafts={waiting} />
    </Page>
  );
}

function Next({ judged, drafts }: { judged: boolean; drafts: number }) {
  const t = useT();
  const next = [
    ...(drafts ? [{ to: "/review", title: t("next.review"), text: t("next.review.text") }] : []),
    ...(judged ? [] : [{ to: "/models", title: t("next.judge"), text: t("next.judge.text") }]),
    { to: "/you", title: t("next.you"), text: t("next.you.text") },
    { to: "/privacy?tab=words", title: t("next.words"), text: t("next.words.text") },
    { to: "/train", title: t("next.adapter"), text: t("next.adapter.text") },
    { to: "/admin?tab=backups", title: t("next.backup"), text: t("next.backup.text") },
  ];
  return (
    <Panel title={t("home.next")}>
      <div className="cards">
        {next.map((one) => (
          <Link key={one.to} to={one.to} className="tile">
            <strong>{one.title}</strong>
            <span className="dim">{one.text}</span>
          </Link>
        ))}
      </div>
    </Panel>
  );
}
