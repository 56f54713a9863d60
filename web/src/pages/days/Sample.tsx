/** Made-up days, to look at before there are own ones. */
import { Alert, Anchor, Button } from "@mantine/core";
import { IconSparkles } from "@tabler/icons-react";
import { Link } from "react-router";
import { api, ok } from "../../client";
import { useAct } from "../../hooks/act";
import { useMay } from "../../hooks/session";
import { useT } from "../../i18n";

export function SampleButton() {
  const t = useT();
  const act = useAct();
  const may = useMay("admin");
  if (!may) return null;
  return (
    <Button
      variant="default"
      leftSection={<IconSparkles size={17} />}
      loading={act.isPending}
      onClick={() => act.mutate(() => ok(api.POST("/api/days/sample")))}
    >
      {t("days.none.sample")}
    </Button>
  );
}

export function MadeUp() {
  const t = useT();
  return (
    <Alert color="clay" icon={<IconSparkles />} title={t("days.sample")}>
      {t("days.sample.text")}{" "}
      <Anchor component={Link} to="/privacy?tab=erase&source=sample" inherit underline="always">
        {t("days.sample.erase")}
      </Anchor>
    </Alert>
  );
}
