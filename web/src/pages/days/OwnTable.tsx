/** A table of one's own becomes a model: hand it over, say what is to be foretold, and follow how it learns. */
import { Alert, Button, FileButton, Radio, Select, TextInput } from "@mantine/core";
import { IconShieldCheck, IconTableShare } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok } from "../../client";
import { Drop } from "../../components/Drop";
import { JobProgress } from "../../components/JobProgress";
import { Panel } from "../../components/Page";
import { useHanding } from "../../hooks/handing";
import { runs, useJob } from "../../hooks/jobs";
import { useMay } from "../../hooks/session";
import { useT } from "../../i18n";
import { FileForm, NameInput, nameOf } from "./FileForm";
import { allowEvents } from "./hooks";

/** The columns of a table of text, by its first line; none where they cannot be told from here. */
async function columnsOf(file: File): Promise<string[]> {
  if (!/\.(csv|tsv|txt)$/i.test(file.name)) return [];
  const line = (await file.slice(0, 65_536).text()).replace(/^\uFEFF/, "").split(/\r?\n/)[0] ?? "";
  const [by] = [",", ";", "\t", "|"].sort((a, b) => line.split(b).length - line.split(a).length);
  return line.split(by ?? ",").map((one) => one.trim().replace(/^"|"$/g, ""));
}

type Chosen = { file: File; columns: string[] };

export function OwnTable({ learned }: { learned: (project: string) => void }) {
  const t = useT();
  const imports = useMay("import");
  const trains = useMay("train");
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [begun, setBegun] = useState<{ job: string; project: string } | null>(null);
  const choose = (file: File | null | undefined) => {
    setBegun(null);
    if (file) void columnsOf(file).then((columns) => setChosen({ file, columns }));
  };
  if (!imports || !trains) return null;
  return (
    <Panel title={t("own.title")} about={t("own.about")}>
      <div className="stack">
        {begun && <Following job={begun.job} see={() => learned(begun.project)} />}
        {chosen ? (
          <Ask
            key={chosen.file.name}
            chosen={chosen}
            begun={(job, project) => {
              setChosen(null);
              setBegun({ job, project });
            }}
            again={() => setChosen(null)}
          />
        ) : (
          <Drop
            icon={IconTableShare}
            title={t("own.drop")}
            about={t("own.drop.about")}
            take={(data) => choose(data.files[0])}
          >
            <FileButton
              onChange={choose}
              accept=".csv,.parquet"
              inputProps={{ "aria-label": t("own.choose") }}
            >
              {(props) => <Button {...props}>{t("own.choose")}</Button>}
            </FileButton>
          </Drop>
        )}
      </div>
    </Panel>
  );
}

function Following({ job, see }: { job: string; see: () => void }) {
  const t = useT();
  const query = useJob(job);
  if (!query.data) return null;
  return (
    <div className="stack">
      <JobProgress job={query.data} log />
      {query.data.state === "done" && (
        <Alert color="moss" title={t("own.done")}>
          <Button size="xs" onClick={see}>
            {t("own.see")}
          </Button>
        </Alert>
      )}
      {!runs(query.data) && query.data.state !== "done" && <p className="dim">{t("own.failed")}</p>}
    </div>
  );
}

function Ask(props: { chosen: Chosen; begun: (job: string, project: string) => void; again: () => void }) {
  const { file, columns } = props.chosen;
  const t = useT();
  const client = useQueryClient();
  const [name, setName] = useState(nameOf(file));
  const [target, setTarget] = useState(columns.at(-1) ?? "");
  const [ahead, setAhead] = useState("next");
  const { send, share } = useHanding(
    async (hand) => {
      await allowEvents(name);
      const held = await hand([{ name: file.name, file }]);
      const asked = { upload: held.id, target, name, same_row: ahead === "same" };
      return await ok(
        api.POST("/api/tables", { body: { ...asked, time: "", task: "auto", algorithm: "auto" } }),
      );
    },
    async ({ job }) => {
      await client.invalidateQueries();
      props.begun(job, name);
    },
  );
  const about = { label: t("own.target"), description: t("own.target.about") };
  return (
    <FileForm
      file={file}
      name={name}
      ready={!!target}
      sending={send}
      share={share}
      submit={() => send.mutate(undefined)}
      again={props.again}
      icon={<IconShieldCheck size={18} />}
      does={t("own.do")}
    >
      <div className="halves">
        {columns.length ? (
          <Select
            {...about}
            data={columns}
            value={target}
            onChange={(value) => setTarget(value ?? "")}
            allowDeselect={false}
            searchable
          />
        ) : (
          <TextInput
            {...about}
            value={target}
            onChange={(event) => setTarget(event.currentTarget.value)}
            required
          />
        )}
        <NameInput name={name} choose={setName} />
      </div>
      <Radio.Group value={ahead} onChange={setAhead} label={t("own.ahead")}>
        <div className="stack">
          <Radio value="next" label={t("own.ahead.next")} description={t("own.ahead.next.about")} />
          <Radio value="same" label={t("own.ahead.same")} description={t("own.ahead.same.about")} />
        </div>
      </Radio.Group>
    </FileForm>
  );
}
