/** A base that has read more, fetched once and only because it is asked for here. */
import { Button, Group } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok } from "../../client";
import { useNews } from "../../components/Confirm";
import { JobProgress } from "../../components/JobProgress";
import { useJob } from "../../hooks/jobs";
import { useMay } from "../../hooks/session";
import { useT } from "../../i18n";

export function Offered() {
  const t = useT();
  const news = useNews();
  const may = useMay("admin");
  const [job, setJob] = useState<string | null>(null);
  const following = useJob(job);
  const offered = useQuery({
    queryKey: ["bases", "offered"],
    queryFn: () => ok(api.GET("/api/bases/offered")),
    enabled: may,
    staleTime: 60_000,
  });
  const fetch = useMutation({
    mutationFn: (name: string) => ok(api.POST("/api/bases", { body: { name } })),
    onSuccess: (started) => setJob(started.job),
    onError: news.failed,
  });
  if (following.data && following.data.state !== "done") return <JobProgress job={following.data} />;
  const missing = offered.data?.items.filter((one) => !one.there) ?? [];
  return missing.map((one) => (
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
  ));
}
