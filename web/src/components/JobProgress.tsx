/** A job as it goes: how far, how long yet, what it said, and a way to stop it. */
import { Alert, Button, Group, Progress } from "@mantine/core";
import { IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { type Job, runs, useResume, useStop } from "../hooks/jobs";
import { useFormat, useT, useWord } from "../i18n";
import classes from "./JobProgress.module.css";

export function JobProgress({ job, log = false }: { job: Job; log?: boolean }) {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  const stop = useStop();
  const resume = useResume();
  const share = job.total ? Math.min(100, (100 * job.done) / job.total) : runs(job) ? 100 : 0;
  const left = job.figures?.eta_seconds;
  const going = runs(job);
  return (
    <div className={classes.job} aria-live="polite">
      <div className={classes.line}>
        <strong>{word("job", job.kind)}</strong>
        <span className="dim">{word("job.state", job.state)}</span>
        {going && job.total ? (
          <span className={classes.far}>
            {t("job.far", { done: format.number(job.done), total: format.number(job.total) })}
            {left ? ` · ${t("job.left", { left: format.seconds(left) })}` : ""}
          </span>
        ) : null}
      </div>
      {going && (
        <Progress
          value={share}
          animated={!job.total || job.state === "queued"}
          size="md"
          radius="xl"
          aria-label={t("job.progress", { kind: word("job", job.kind) })}
        />
      )}
      {job.hung && (
        <Alert color="orange" title={t("job.hung")}>
          {t("job.hung.text")}
        </Alert>
      )}
      {job.error && (
        <Alert color="red" title={job.error}>
          {job.hint}
        </Alert>
      )}
      {(going || ["failed", "interrupted", "cancelled"].includes(job.state)) && (
        <Group>
          {going ? (
            <Button
              size="xs"
              variant="default"
              leftSection={<IconPlayerStop size={15} />}
              loading={stop.isPending}
              onClick={() => stop.mutate(job.id)}
            >
              {t("job.stop")}
            </Button>
          ) : (
            job.spec?.resumable !== false && (
              <Button
                size="xs"
                variant="light"
                leftSection={<IconPlayerPlay size={15} />}
                loading={resume.isPending}
                onClick={() => resume.mutate(job.id)}
              >
                {t("job.resume")}
              </Button>
            )
          )}
        </Group>
      )}
      {log && (job.live?.log?.length ?? 0) > 0 && (
        <details>
          <summary>{t("job.log")}</summary>
          <ol className={classes.log}>
            {job.live?.log?.map((line) => (
              <li key={`${line.at}${line.text}`}>
                <time dateTime={line.at}>{format.clock(line.at)}</time> {line.text}
              </li>
            ))}
          </ol>
        </details>
      )}
    </div>
  );
}
