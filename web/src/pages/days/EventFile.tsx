/** Events from a file: a table with a column of times, or what ActivityWatch exported. */
import { Alert, Button, FileButton, TextInput } from "@mantine/core";
import { IconFileUpload, IconShieldCheck, IconUpload } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { Drop } from "../../components/Drop";
import { Panel } from "../../components/Page";
import { ownZone, Zone } from "../../components/Zone";
import { useConsents } from "../../hooks/data";
import { useHanding } from "../../hooks/handing";
import { useMay } from "../../hooks/session";
import { useT } from "../../i18n";
import { FileForm, NameInput, nameOf } from "./FileForm";
import { allowEvents } from "./hooks";

type Told = Schemas["EventsImported"];
type Chosen = { file: File; source: string; watched: boolean };

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
          <Drop
            icon={IconFileUpload}
            title={t("eventfile.drop")}
            about={t("eventfile.drop.about")}
            take={(data) => choose(data.files[0])}
          >
            <FileButton
              onChange={choose}
              accept=".csv,.json,.jsonl,.parquet"
              inputProps={{ "aria-label": t("eventfile.choose") }}
            >
              {(props) => <Button {...props}>{t("eventfile.choose")}</Button>}
            </FileButton>
          </Drop>
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

/** What it is to be called, of which zone its times are, and leave to keep it. */
function Look({ chosen, done, again }: { chosen: Chosen; done: (told: Told) => void; again: () => void }) {
  const { file, watched } = chosen;
  const t = useT();
  const client = useQueryClient();
  const consents = useConsents();
  const [source, setSource] = useState(chosen.source);
  const [time, setTime] = useState("");
  const [zone, setZone] = useState(ownZone);
  const allowed = (consents.data?.items ?? []).some(
    (one) => one.source === source && one.state === "active" && one.purposes.includes("archive"),
  );
  const { send, share } = useHanding(
    async (hand) => {
      if (!allowed) await allowEvents(source);
      const held = await hand([{ name: file.name, file }]);
      return await ok(
        api.POST("/api/events/files", {
          body: { upload: held.id, source: watched ? "" : source, time, tz: zone },
        }),
      );
    },
    async (told) => {
      await client.invalidateQueries();
      done(told);
    },
  );
  return (
    <FileForm
      file={file}
      name={source}
      sending={send}
      share={share}
      submit={() => send.mutate(undefined)}
      again={again}
      icon={allowed ? <IconUpload size={18} /> : <IconShieldCheck size={18} />}
      does={t(allowed ? "eventfile.do" : "eventfile.allow")}
    >
      {watched ? (
        <p className="dim">{t("eventfile.watched")}</p>
      ) : (
        <div className="halves">
          <NameInput name={source} choose={setSource} />
          <TextInput
            label={t("eventfile.time")}
            description={t("eventfile.time.about")}
            value={time}
            onChange={(event) => setTime(event.currentTarget.value)}
          />
          <Zone
            label={t("eventfile.zone")}
            description={t("eventfile.zone.about")}
            value={zone}
            choose={setZone}
          />
        </div>
      )}
    </FileForm>
  );
}
