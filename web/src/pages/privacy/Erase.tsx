/** Letting go for good: what would go is shown first, and what went is certified. */
import { Alert, Button, Checkbox, Group, Select } from "@mantine/core";
import { IconCertificate, IconDownload, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { api, ok, reach, type Schemas } from "../../client";
import { save } from "../../client/save";
import { ConfirmButton, useNews } from "../../components/Confirm";
import { Panel } from "../../components/Page";
import { Failure, Listed } from "../../components/states";
import { useContacts, useKept, useModels } from "../../hooks/data";
import { useMay } from "../../hooks/session";
import { useFormat, useT, useWord } from "../../i18n";
import { useSourceName } from "../sources/names";
import { Counts } from "./Counts";

type What = "source" | "contact" | "model" | "all";
type Plan = Schemas["PlanView"];

const WHAT: What[] = ["source", "contact", "model", "all"];

export function Erase() {
  const may = useMay("admin");
  return (
    <>
      {may && <Take />}
      {may && <Choose />}
      <Certificates />
    </>
  );
}

/** Everything in open formats, as one file; it is not encrypted any more. */
function Take() {
  const t = useT();
  const news = useNews();
  const [form, setForm] = useState<"jsonl" | "csv" | "parquet">("jsonl");
  const [names, setNames] = useState(false);
  const take = useMutation({
    mutationFn: async () => {
      const answer = await reach("/api/archive", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ form, names }),
      });
      save(`ipse-${new Date().toISOString().slice(0, 10)}.zip`, await answer.blob());
    },
    onError: news.failed,
  });
  return (
    <Panel title={t("take.title")} about={t("take.about")}>
      <Group align="flex-end">
        <Select
          label={t("take.form")}
          data={[
            { value: "jsonl", label: "JSON lines" },
            { value: "csv", label: "CSV" },
            { value: "parquet", label: "Parquet" },
          ]}
          value={form}
          onChange={(value) => setForm((value ?? "jsonl") as typeof form)}
          allowDeselect={false}
        />
        <Checkbox
          label={t("take.names")}
          checked={names}
          onChange={(event) => setNames(event.currentTarget.checked)}
          mb={8}
        />
        <Button
          leftSection={<IconDownload size={17} />}
          loading={take.isPending}
          onClick={() => take.mutate()}
        >
          {t("take.do")}
        </Button>
      </Group>
    </Panel>
  );
}

function Choose() {
  const t = useT();
  const sourceName = useSourceName();
  const word = useWord();
  const [what, setWhat] = useState<What>("source");
  const [asked] = useSearchParams(); // another page may have named a source
  const [name, setName] = useState<string | null>(asked.get("source"));
  const { messages, events } = useKept();
  const contacts = useContacts();
  const models = useModels();
  const options: Record<What, { value: string; label: string }[]> = {
    source: [...new Set([...messages, ...events].map((one) => one.name))].map((value) => ({
      value,
      label: sourceName(value),
    })),
    contact: (contacts.data?.items ?? [])
      .filter((one) => one.pseudonym !== "me")
      .map((one) => ({ value: one.pseudonym, label: one.name })),
    model: (models.data?.items ?? []).map((one) => ({
      value: one.id,
      label: `${one.id} · ${word("method", one.method)}`,
    })),
    all: [],
  };
  const plan = useMutation({
    mutationFn: () =>
      ok(api.POST("/api/erasures/plan", { body: { what, name: what === "all" ? "" : (name ?? "") } })),
  });
  return (
    <Panel title={t("erase.title")} about={t("erase.about")}>
      <div className="stack">
        <Group align="flex-end">
          <Select
            label={t("erase.what")}
            data={WHAT.map((value) => ({ value, label: t(`erase.what.${value}`) }))}
            value={what}
            onChange={(value) => {
              setWhat((value ?? "source") as What);
              setName(null);
              plan.reset();
            }}
            allowDeselect={false}
          />
          {what !== "all" && (
            <Select
              label={t(`erase.which.${what}`)}
              data={options[what]}
              value={name}
              onChange={(value) => {
                setName(value);
                plan.reset();
              }}
              searchable
            />
          )}
          <Button
            variant="default"
            disabled={what !== "all" && !name}
            loading={plan.isPending}
            onClick={() => plan.mutate()}
          >
            {t("erase.look")}
          </Button>
        </Group>
        {plan.error && <Failure error={plan.error} />}
        {plan.data && <Shown plan={plan.data} done={() => plan.reset()} />}
      </div>
    </Panel>
  );
}

function Shown({ plan, done }: { plan: Plan; done: () => void }) {
  const t = useT();
  const news = useNews();
  const client = useQueryClient();
  return (
    <Alert color="red" variant="light" title={t("erase.plan")} icon={<IconTrash />}>
      <div className="stack">
        <Counts counts={plan.counts} />
        {plan.models.length > 0 && <p>{t("erase.models", { models: plan.models.join(", ") })}</p>}
        <div>
          <ConfirmButton
            color="red"
            leftSection={<IconTrash size={17} />}
            ask={t("erase.ask")}
            about={t("erase.final")}
            type={plan.what === "all" ? t("erase.word") : undefined}
            onConfirm={async () => {
              await ok(
                api.POST("/api/erasures", {
                  body: { what: plan.what, name: plan.name, confirm: plan.confirm },
                }),
              );
              done();
              news.done(t("erase.done"));
              await client.invalidateQueries();
            }}
          >
            {t("erase.do")}
          </ConfirmButton>
        </div>
      </div>
    </Alert>
  );
}

function Certificates() {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  const query = useQuery({
    queryKey: ["erasures"],
    queryFn: () => ok(api.GET("/api/erasures", { params: { query: { limit: 100 } } })),
  });
  return (
    <Panel title={t("certificates.title")} about={t("certificates.about")}>
      <Listed
        query={query}
        empty={{
          icon: IconCertificate,
          title: t("certificates.empty"),
          children: t("certificates.empty.text"),
        }}
      >
        {(items) => (
          <ul className="plain ruled">
            {items.map(({ certificate }) => (
              <li key={certificate.id}>
                <span className="row">
                  <IconCertificate size={18} aria-hidden />
                  <strong>{word("erase.what", certificate.what)}</strong>
                  <span className="dim">{format.time(certificate.done_at)}</span>
                  <span className="mono dim">{certificate.id}</span>
                </span>
                <Counts counts={certificate.counts} />
              </li>
            ))}
          </ul>
        )}
      </Listed>
    </Panel>
  );
}
