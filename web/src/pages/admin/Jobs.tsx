/** Everything that runs, waits or ran. */
import { IconClockPlay } from "@tabler/icons-react";
import { JobProgress } from "../../components/JobProgress";
import { Panel } from "../../components/Page";
import { Listed } from "../../components/states";
import { useJobs } from "../../hooks/jobs";
import { useFormat, useT } from "../../i18n";

export function Jobs() {
  const t = useT();
  const format = useFormat();
  const jobs = useJobs();
  return (
    <Panel title={t("jobs.title")} about={t("jobs.about")}>
      <Listed
        query={jobs}
        empty={{ icon: IconClockPlay, title: t("jobs.empty"), children: t("jobs.empty.text") }}
      >
        {(items) => (
          <ul className="plain ruled">
            {items.map((job) => (
              <li key={job.id}>
                <JobProgress job={job} log />
                <span className="dim">
                  {format.time(job.started_at)}
                  {job.ended_at
                    ? ` · ${format.seconds((Date.parse(job.ended_at) - Date.parse(job.started_at)) / 1000)}`
                    : ""}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Listed>
    </Panel>
  );
}
