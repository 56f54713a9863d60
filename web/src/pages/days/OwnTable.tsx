/** A table of one's own becomes a model: hand it over, say what is to be foretold, and follow how it learns. */
import { Alert, Button, FileButton, Group, Progress, Radio, Select, TextInput } from "@mantine/core";
import { IconShieldCheck, IconTableShare } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { upload } from "../../client/upload";
import { JobProgress } from "../../components/JobProgress";
import { Panel } from "../../components/Page";
import { Failure } from "../../components/states";
import { runs, useJob } from "../../hooks/jobs";
import { useMay } from "../../hooks/session";
import { useFormat, useT } from "../../i18n";
import dropClasses from "../sources/Sources.module.css";
import { nameOf } from "./EventFile";
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
  const choose = (file: File | null) => {
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
          <div className={dropClasses.drop}>
            <IconTableShare size={34} stroke={1.4} aria-hidden />
            <strong>{t("own.drop")}</strong>
            <p>{t("own.drop.about")}</p>
            <FileButton
              onChange={choose}
              accept=".csv,.parquet"
              inputProps={{ "aria-label": t("own.choose") }}
            >
              {(props) => <Button {...props}>{t("own.choose")}</Button>}
            </FileButton>
          </div>
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
  const format = useFormat();
  const client = useQueryClient();
  const [name, setName] = useState(nameOf(file));
  const [target, setTarget] = useState(columns.at(-1) ?? "");
  const [ahead, setAhead] = useState("next");
  const [share, setShare] = useState<number | null>(null);
  const send = useMutation({
    mutationFn: async () => {
      await allowEvents(name);
      setShare(0);
      try {
        const held = await upload<Schemas["UploadFound"]>(
          "/api/uploads",
          [{ name: file.name, file }],
          setShare,
        );
        return await ok(
          api.POST("/api/tables", {
            body: {
              upload: held.id,
              target,
              name,
              same_row: ahead === "same",
              time: "",
              task: "auto",
              algorithm: "auto",
            },
          }),
        );
      } finally {
        setShare(null);
      }
    },
    onSuccess: async ({ job }) => {
      await client.invalidateQueries();
      props.begun(job, name);
    },
  });
  const bad = /^[a-z][a-z0-9_-]{0,63}$/.test(name) ? "" : t("eventfile.name.bad");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!bad && target) send.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <p className={dropClasses.lead}>
        <bdi>{file.name}</bdi> · {format.bytes(file.size)}
      </p>
      <div className="halves">
        {columns.length ? (
          <Select
            label={t("own.target")}
            description={t("own.target.about")}
            data={columns}
            value={target}
            onChange={(value) => setTarget(value ?? "")}
            allowDeselect={false}
            searchable
          />
        ) : (
          <TextInput
            label={t("own.target")}
            description={t("own.target.about")}
            value={target}
            onChange={(event) => setTarget(event.currentTarget.value)}
            required
          />
        )}
        <TextInput
          label={t("eventfile.name")}
          description={t("eventfile.name.about")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={bad}
          required
        />
      </div>
      <Radio.Group value={ahead} onChange={setAhead} label={t("own.ahead")}>
        <div className="stack">
          <Radio value="next" label={t("own.ahead.next")} description={t("own.ahead.next.about")} />
          <Radio value="same" label={t("own.ahead.same")} description={t("own.ahead.same.about")} />
        </div>
      </Radio.Group>
      <p className="dim">{t("eventfile.terms")}</p>
      {send.error && <Failure error={send.error} />}
      {share !== null && (
        <div role="status">
          <Progress value={100 * share} animated={share >= 1} aria-label={t("import.sending")} />
        </div>
      )}
      <Group>
        <Button
          type="submit"
          loading={send.isPending}
          leftSection={<IconShieldCheck size={18} />}
          disabled={!target}
        >
          {t("own.do")}
        </Button>
        <Button variant="default" onClick={props.again} disabled={send.isPending}>
          {t("action.cancel")}
        </Button>
      </Group>
    </form>
  );
}
