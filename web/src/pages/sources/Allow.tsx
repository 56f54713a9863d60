/** Giving consent, for one source or several at once: what for, for how long, and in words what that means. */
import { Button, Checkbox, Group, Select } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { Failure } from "../../components/states";
import { useT } from "../../i18n";
import { useSourceName } from "./names";
import classes from "./Sources.module.css";

type Purpose = Schemas["Giving"]["purposes"][number];

const DAYS: Record<string, number | null> = { always: null, year: 365, month: 30 };

export function Allow({
  sources,
  done,
  cancel,
}: {
  sources: string[];
  done: () => void;
  cancel?: () => void;
}) {
  const t = useT();
  const sourceName = useSourceName();
  const client = useQueryClient();
  const [style, setStyle] = useState(true);
  const [enrich, setEnrich] = useState(false);
  const [days, setDays] = useState("always");
  const give = useMutation({
    mutationFn: async () => {
      const purposes: Purpose[] = [
        "archive",
        ...(style ? ["style" as const] : []),
        ...(enrich ? ["enrich" as const] : []),
      ];
      for (const source of sources) {
        await ok(
          api.POST("/api/consents", { body: { source, purposes, days: DAYS[days] ?? null, special: [] } }),
        );
      }
    },
    onSuccess: async () => {
      await client.invalidateQueries();
      done();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    give.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <p className={classes.lead}>{t("allow.lead", { sources: sources.map(sourceName).join(", ") })}</p>
      <div className={classes.purposes}>
        <Checkbox
          checked
          disabled
          readOnly
          label={t("purpose.archive")}
          description={t("purpose.archive.about")}
        />
        <Checkbox
          checked={style}
          onChange={(event) => setStyle(event.currentTarget.checked)}
          label={t("purpose.style")}
          description={t("purpose.style.about")}
        />
        <Checkbox
          checked={enrich}
          onChange={(event) => setEnrich(event.currentTarget.checked)}
          label={t("purpose.enrich")}
          description={t("purpose.enrich.about")}
        />
      </div>
      <Select
        label={t("allow.days")}
        data={Object.keys(DAYS).map((value) => ({ value, label: t(`allow.${value}` as "allow.always") }))}
        value={days}
        onChange={(value) => setDays(value ?? "always")}
        allowDeselect={false}
        maw={280}
      />
      <p className="dim">{t("allow.rights")}</p>
      {give.error && <Failure error={give.error} />}
      <Group>
        <Button type="submit" loading={give.isPending} leftSection={<IconShieldCheck size={18} />}>
          {t("allow.do")}
        </Button>
        {cancel && (
          <Button variant="default" onClick={cancel}>
            {t("action.cancel")}
          </Button>
        )}
      </Group>
    </form>
  );
}
