/** Bringing an export in: dropped, looked into, allowed, read as a job, and counted to the last message. */
import { Alert, Badge, Button, Chip, FileButton, Group, PasswordInput, TagsInput } from "@mantine/core";
import { IconFile, IconFolderUp, IconLock, IconUpload } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { Drop, Going } from "../../components/Drop";
import { JobProgress } from "../../components/JobProgress";
import { Panel } from "../../components/Page";
import { Failure, Loaded, useSaid } from "../../components/states";
import { ownZone, Zone } from "../../components/Zone";
import { type Named, useHanding } from "../../hooks/handing";
import { runs, useJob, useJobs } from "../../hooks/jobs";
import { useFormat, useT } from "../../i18n";
import { Allow } from "./Allow";
import { dropped } from "./dropped";
import { useSourceName } from "./names";
import { Report } from "./Report";
import classes from "./Sources.module.css";

type Found = Schemas["UploadFound"];

const OFTEN = 6; // of the senders: who wrote most is seldom somebody else
const LOCKED = ["signal"]; // sources whose exports may be encrypted

export function Import() {
  const jobs = useJobs("import");
  const [found, setFound] = useState<Found | null>(null);
  const [started, setStarted] = useState<string | null>(null);
  const running = jobs.data?.items.find(runs);
  const job = useJob(running?.id ?? started);
  const again = (next: Found) => {
    setStarted(null);
    setFound(next);
  };
  if (job.data && (runs(job.data) || job.data.id === started)) {
    return (
      <div className="stack">
        <JobProgress job={job.data} />
        {job.data.state === "done" && <Report job={job.data} />}
        {!runs(job.data) && <Bring found={again} />}
      </div>
    );
  }
  if (found) {
    return (
      <Look
        found={found}
        again={() => setFound(null)}
        started={(id) => {
          setFound(null);
          setStarted(id);
        }}
      />
    );
  }
  return <Bring found={setFound} />;
}

/** Where files are dropped or chosen; folders too. */
function Bring({ found }: { found: (found: Found) => void }) {
  const t = useT();
  const { send, share } = useHanding((hand, files: Named[]) => hand(files), found);
  const chosen = (files: File[]) => {
    if (files.length)
      send.mutate(files.map((file) => ({ name: file.webkitRelativePath || file.name, file })));
  };
  return (
    <div className="stack">
      <Drop
        icon={IconUpload}
        title={t("import.drop")}
        about={t("import.drop.about")}
        take={(data) => void dropped(data).then((files) => files.length && send.mutate(files))}
      >
        <Going share={share} after={t("import.looking")} />
        {share === null && (
          <Group gap="xs" justify="center">
            <FileButton onChange={chosen} multiple inputProps={{ "aria-label": t("import.files") }}>
              {(props) => (
                <Button {...props} leftSection={<IconFile size={17} />}>
                  {t("import.files")}
                </Button>
              )}
            </FileButton>
            <FileButton
              onChange={chosen}
              multiple
              inputProps={{ "aria-label": t("import.folder"), ...({ webkitdirectory: "" } as object) }}
            >
              {(props) => (
                <Button {...props} variant="default" leftSection={<IconFolderUp size={17} />}>
                  {t("import.folder")}
                </Button>
              )}
            </FileButton>
          </Group>
        )}
      </Drop>
      {send.error && <Failure error={send.error} />}
    </div>
  );
}

/** What was found in the upload, and what is still to say before it is read. */
function Look({
  found,
  again,
  started,
}: {
  found: Found;
  again: () => void;
  started: (job: string) => void;
}) {
  const t = useT();
  const sourceName = useSourceName();
  const client = useQueryClient();
  const fresh = useQuery({
    queryKey: ["upload", found.id],
    queryFn: () => ok(api.GET("/api/uploads/{upload}", { params: { path: { upload: found.id } } })),
    initialData: found,
  });
  const held = fresh.data;
  const barred = [...new Set(held.exports.filter((one) => !one.allowed).map((one) => one.source))];
  const drop = useMutation({
    mutationFn: () => ok(api.DELETE("/api/uploads/{upload}", { params: { path: { upload: found.id } } })),
    onSettled: again,
  });
  return (
    <div className="stack">
      <ul className={classes.files} aria-label={t("import.found")}>
        {held.exports.map((one) => (
          <li key={one.name + one.source}>
            <IconFile size={17} aria-hidden />
            <bdi>{one.name.replace(`${held.id}/`, "")}</bdi>
            <Badge color={one.allowed ? "moss" : "clay"}>{sourceName(one.source)}</Badge>
          </li>
        ))}
      </ul>
      {held.exports.length === 0 && (
        <Alert color="orange" title={t("import.nothing")}>
          {t("import.nothing.text")}
        </Alert>
      )}
      {held.unrecognized.length > 0 && (
        <p className="dim">
          {t("import.unknown", {
            n: held.unrecognized.length,
            names: held.unrecognized.slice(0, 5).join(", "),
          })}
        </p>
      )}
      {barred.length > 0 ? (
        <Allow
          sources={barred}
          done={() => void client.invalidateQueries({ queryKey: ["upload", found.id] })}
          cancel={() => drop.mutate()}
        />
      ) : (
        held.exports.length > 0 && <Who found={held} started={started} />
      )}
      <div>
        <Button variant="subtle" size="xs" onClick={() => drop.mutate()} loading={drop.isPending}>
          {t("import.other")}
        </Button>
      </div>
    </div>
  );
}

/** Which of the senders is the owner; where it is known from before, nothing is asked. */
function Who({ found, started }: { found: Found; started: (job: string) => void }) {
  const t = useT();
  const format = useFormat();
  const client = useQueryClient();
  const owner = useQuery({ queryKey: ["owner"], queryFn: () => ok(api.GET("/api/owner")) });
  const [passphrase, setPassphrase] = useState("");
  const [tries, setTries] = useState(0); // in place of the passphrase, which no cache is to hold
  const people = useQuery({
    queryKey: ["senders", found.id, tries],
    queryFn: async () => {
      const counts = new Map<string, number>();
      let zoned = true;
      for (const one of found.exports.slice(0, 40)) {
        const seen = await ok(
          api.POST("/api/uploads/{upload}/preview", {
            params: { path: { upload: found.id } },
            body: { name: one.name, source: one.source, me: [], limit: 1, passphrase },
          }),
        );
        zoned &&= seen.zoned;
        for (const who of seen.senders) counts.set(who.name, (counts.get(who.name) ?? 0) + who.messages);
      }
      return { senders: [...counts].sort((a, b) => b[1] - a[1]), zoned };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [me, setMe] = useState<string[] | null>(null);
  const known = owner.data?.known ? owner.data.handles : [];
  const mine = me ?? known;
  const [zone, setZone] = useState(ownZone);
  const start = useMutation({
    mutationFn: () =>
      ok(
        api.POST("/api/imports", {
          body: {
            upload: found.id,
            me: mine,
            source: "",
            passphrase,
            zone: people.data?.zoned === false ? zone : "",
          },
        }),
      ),
    onSuccess: (made) => {
      started(made.job);
      void client.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
  if (people.error && found.exports.some((one) => LOCKED.includes(one.source))) {
    return (
      <Locked
        why={people.error}
        open={(digits) => {
          setPassphrase(digits);
          setTries(tries + 1);
        }}
      />
    );
  }
  return (
    <Loaded query={people} lines={2}>
      {({ senders, zoned }) => (
        <div className="stack">
          <TagsInput
            label={t("import.me")}
            placeholder={mine.length ? "" : t("import.me.choose")}
            description={t("import.me.about")}
            data={senders.slice(0, 100).map(([name]) => name)}
            value={mine}
            onChange={setMe}
            renderOption={({ option }) => (
              <span className="row">
                <bdi>{option.value}</bdi>
                <span className="dim">
                  {format.number(senders.find(([name]) => name === option.value)?.[1] ?? 0)}
                </span>
              </span>
            )}
            clearable
          />
          <Chip.Group multiple value={mine} onChange={setMe}>
            <Group gap="xs" role="group" aria-label={t("import.me.often")}>
              <span className="dim">{t("import.me.often")}</span>
              {senders.slice(0, OFTEN).map(([name, count]) => (
                <Chip key={name} value={name} size="xs">
                  <bdi>{name}</bdi> · {format.number(count)}
                </Chip>
              ))}
            </Group>
          </Chip.Group>
          {!zoned && (
            <Zone
              label={t("import.zone")}
              description={t("import.zone.about")}
              value={zone}
              choose={setZone}
            />
          )}
          {start.error && <Failure error={start.error} />}
          <div>
            <Button
              size="md"
              leftSection={<IconUpload size={18} />}
              loading={start.isPending}
              onClick={() => start.mutate()}
            >
              {t("import.do")}
            </Button>
          </div>
        </div>
      )}
    </Loaded>
  );
}

/** The passphrase of an export that is encrypted. */
function Locked({ why, open }: { why: unknown; open: (digits: string) => void }) {
  const t = useT();
  const said = useSaid()(why).title;
  const [digits, setDigits] = useState("");
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (digits) open(digits);
      }}
    >
      <PasswordInput
        label={t("import.locked")}
        description={t("import.locked.about")}
        error={<bdi>{said}</bdi>}
        value={digits}
        onChange={(event) => setDigits(event.currentTarget.value)}
        autoComplete="off"
      />
      <div>
        <Button type="submit" leftSection={<IconLock size={17} />} disabled={!digits}>
          {t("import.locked.open")}
        </Button>
      </div>
    </form>
  );
}

/** What earlier imports brought. */
export function PastImports() {
  const t = useT();
  const format = useFormat();
  const jobs = useJobs("import");
  const past = (jobs.data?.items ?? []).filter((one) => !runs(one));
  if (!past.length) return null;
  return (
    <Panel title={t("import.past")}>
      <ul className="plain ruled">
        {past.slice(0, 8).map((job) => (
          <li key={job.id}>
            <span className="dim">{format.time(job.started_at)}</span>
            {job.state === "done" ? <Report job={job} /> : <JobProgress job={job} log />}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
