/** A base that has read more, fetched once and only because it is asked for here. */
import { Button, Group } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ok } from "../../client";
import { useNews } from "../../components/Confirm";
import { JobProgress } from "../../components/JobProgress";
import { runs, useJob, useJobs } from "../../hooks/jobs";
import { useMay } from "../../hooks/session";
import { useT } from "../../i18n";

export function Offered() {
  const t = useT();
  const news = useNews();
  const client = useQueryClient();
  const may = useMay("admin");
  const jobs = useJobs("base");
  const latest = useJob(jobs.data?.items[0]?.id ?? null).data;
  const offered = useQuery({
    queryKey: ["bases", "offered"],
    queryFn: () => ok(api.GET("/api/bases/offered")),
    enabled: may,
    staleTime: 60_000,
  });
  const fetch = useMutation({
    mutationFn: (name: string) => ok(api.POST("/api/bases", { body: { name } })),
    onError: news.failed,
    onSettled: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
  const missing = offered.data?.items.filter((one) => !one.there) ?? [];
  if (!missing.length) return null;
  return (
    <div className="stack">
      {latest && latest.state !== "done" && <JobProgress job={latest} />}
      {!runs(latest) &&
        missing.map((one) => (
          <Group key={one.name}>
            <Button
              variant="default"
              size="xs"
              leftSection={<IconDownload size={16} />}
              loading={fetch.isPending}
              onClick={() => fetch.mutate(one.name)}
            >
              {t("train.base.fetch", { name: one.name, size: one.megabytes })}
            </Button>
            <span className="dim">{t("train.base.fetch.about")}</span>
          </Group>
        ))}
    </div>
  );
}
