/** Events from a file: a table with a column of times, or what ActivityWatch exported. */
import { Alert, Button, FileButton, Group, Progress, Select, TextInput } from "@mantine/core";
import { IconFileUpload, IconShieldCheck, IconUpload } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { upload } from "../../client/upload";
import { Panel } from "../../components/Page";
import { Failure } from "../../components/states";
import { useConsents } from "../../hooks/data";
import { useMay } from "../../hooks/session";
import { useFormat, useT } from "../../i18n";
import classes from "../sources/Sources.module.css";
import { allowEvents } from "./hooks";

type Told = Schemas["EventsImported"];
type Chosen = { file: File; source: string; watched: boolean };

const NAME = /^[a-z][a-z0-9_-]{0,63}$/;

/** As the service calls a file. */
export function nameOf(file: File): string {
  const plain = file.name.replace(/\.[^.]*$/, "").toLowerCase();
  const name = plain.replace(/[^a-z0-9]+/g, "_").replace(/^[0-9_]+|_+$/g, "");
  return name.slice(0, 64) || "table";
}

async function looked(file: File): Promise<Chosen> {
  const head = (await file.slice(0, 64).text()).replace(/[\s{]/g, "");
  const watched = /\.json$/i.test(file.name) && head.startsWith('"buckets"');
  return { file, source: watched ? "activitywatch" : nameOf(file), watched };
}

export function EventFile() {
  const t = useT();
  const may = useMay("import");
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [told, setTold] = useState<Told | null>(null);
  const [over, setOver] = useState(false);
  const choose = (file: File | null | undefined) => {
    setTold(null);
    if (file) void looked(file).then(setChosen);
  };
  if (!may) return null;
  return (
    <Panel title={t("eventfile.title")} about={t("eventfile.about")}>
      <div className="stack">
        {told && <Report told={told} />}
        {chosen ? (
          <Look
            key={chosen.file.name}
            chosen={chosen}
            done={(found) => {
              setChosen(null);
              setTold(found);
            }}
            again={() => setChosen(null)}
          />
        ) : (
          <div
            className={classes.drop}
            data-over={over || undefined}
            onDragOver={(event) => {
              event.preventDefault();
              setOver(true);
            }}
            onDragLeave={() => setOver(false)}
            onDrop={(event) => {
              event.preventDefault();
              setOver(false);
              choose(event.dataTransfer.files[0]);
            }}
          >
            <IconFileUpload size={34} stroke={1.4} aria-hidden />
            <strong>{t("eventfile.drop")}</strong>
            <p>{t("eventfile.drop.about")}</p>
            <FileButton
              onChange={choose}
              accept=".csv,.json,.jsonl,.parquet"
              inputProps={{ "aria-label": t("eventfile.choose") }}
            >
              {(props) => <Button {...props}>{t("eventfile.choose")}</Button>}
            </FileButton>
          </div>
        )}
      </div>
    </Panel>
  );
}

function Report({ told }: { told: Told }) {
  const t = useT();
  return (
    <Alert color="moss" title={t("eventfile.kept", { n: told.kept, source: told.source })}>
      {t("eventfile.sum", { ...told, streams: told.streams.length })}
    </Alert>
  );
}

const zones = (chosen: string) => [...new Set([chosen, "UTC", ...Intl.supportedValuesOf("timeZone")])];

/** What it is to be called, of which zone its times are, and leave to keep it. */
function Look({ chosen, done, again }: { chosen: Chosen; done: (told: Told) => void; again: () => void }) {
  const t = useT();
  const format = useFormat();
  const client = useQueryClient();
  const consents = useConsents();
  const [source, setSource] = useState(chosen.source);
  const [time, setTime] = useState("");
  const [zone, setZone] = useState(Intl.DateTimeFormat().resolvedOptions().timeZone);
  const [share, setShare] = useState<number | null>(null);
  const allowed = (consents.data?.items ?? []).some(
    (one) => one.source === source && one.state === "active" && one.purposes.includes("archive"),
  );
  const send = useMutation({
    mutationFn: async () => {
      if (!allowed) await allowEvents(source);
      setShare(0);
      try {
        const held = await upload<Schemas["UploadFound"]>(
          "/api/uploads",
          [{ name: chosen.file.name, file: chosen.file }],
          setShare,
        );
        return await ok(
          api.POST("/api/events/files", {
            body: { upload: held.id, source: chosen.watched ? "" : source, time, tz: zone },
          }),
        );
      } finally {
        setShare(null);
      }
    },
    onSuccess: async (told) => {
      await client.invalidateQueries();
      done(told);
    },
  });
  const bad = NAME.test(source) ? "" : t("eventfile.name.bad");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!bad) send.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <p className={classes.lead}>
        <bdi>{chosen.file.name}</bdi> · {format.bytes(chosen.file.size)}
      </p>
      {chosen.watched ? (
        <p className="dim">{t("eventfile.watched")}</p>
      ) : (
        <div className="halves">
          <TextInput
            label={t("eventfile.name")}
            description={t("eventfile.name.about")}
            value={source}
            onChange={(event) => setSource(event.currentTarget.value)}
            error={bad}
            required
          />
          <TextInput
            label={t("eventfile.time")}
            description={t("eventfile.time.about")}
            value={time}
            onChange={(event) => setTime(event.currentTarget.value)}
          />
          <Select
            label={t("eventfile.zone")}
            description={t("eventfile.zone.about")}
            data={zones(zone)}
            value={zone}
            onChange={(value) => value && setZone(value)}
            searchable
            allowDeselect={false}
          />
        </div>
      )}
      <p className="dim">{t("eventfile.terms")}</p>
      {send.error && <Failure error={send.error} />}
      {share !== null && (
        <div role="status">
          <Progress value={100 * share} animated={share >= 1} aria-label={t("import.sending")} />
          <p className="dim">{share < 1 ? format.percent(share) : t("eventfile.reading")}</p>
        </div>
      )}
      <Group>
        <Button
          type="submit"
          loading={send.isPending}
          leftSection={allowed ? <IconUpload size={18} /> : <IconShieldCheck size={18} />}
        >
          {t(allowed ? "eventfile.do" : "eventfile.allow")}
        </Button>
        <Button variant="default" onClick={again} disabled={send.isPending}>
          {t("action.cancel")}
        </Button>
      </Group>
    </form>
  );
}
