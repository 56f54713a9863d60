/** How long each kind is kept: what other limits would take is shown before they hold. */
import { Alert, Button, Group, NumberInput } from "@mantine/core";
import { IconClockX } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { ConfirmButton, useNews } from "../../components/Confirm";
import { Panel } from "../../components/Page";
import { Failure, Loaded } from "../../components/states";
import { useAct } from "../../hooks/act";
import { useSources } from "../../hooks/data";
import { useMay } from "../../hooks/session";
import { useT, useWord } from "../../i18n";
import { useSourceName } from "../sources/names";
import { Counts } from "./Counts";

type Held = Schemas["RetentionView"];
type Limits = Schemas["Limits"];
type Days = Record<string, number>;
const LONGEST = 365_000;

export function Retention() {
  const t = useT();
  const retention = useQuery({ queryKey: ["retention"], queryFn: () => ok(api.GET("/api/retention")) });
  return (
    <Panel title={t("retention.title")} about={t("retention.about")}>
      <Loaded query={retention} lines={4}>
        {(held) => (
          <div className="stack">
            <Edit key={JSON.stringify([held.days, held.sources])} held={held} />
            <LetGo due={held.due} />
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

const limits = (days: Days, sources: Held["sources"]) => ({ ...days, sources }) as unknown as Limits;

function Edit({ held }: { held: Held }) {
  const t = useT();
  const sourceName = useSourceName();
  const word = useWord();
  const news = useNews();
  const act = useAct();
  const may = useMay("admin");
  const sources = useSources();
  const [days, setDays] = useState<Days>(held.days);
  const [own, setOwn] = useState(held.sources);
  const here = (sources.data?.items ?? []).filter((one) => one.records > 0 || own[one.name]);
  const plan = useMutation({
    mutationFn: () => ok(api.POST("/api/retention/plan", { body: limits(days, own) })),
  });
  const keep = (days: Days, own: Held["sources"]) =>
    ok(api.PUT("/api/retention", { body: limits(days, own) }));
  const save = () =>
    act.mutate(async () => {
      await keep(days, own);
      news.done(t("retention.saved"), () => act.mutate(() => keep(held.days, held.sources)));
    });
  const of = (name: string, value: number | string) => {
    plan.reset();
    const { [name]: before, ...others } = own;
    setOwn(
      value === "" ? others : { ...others, [name]: { messages: Number(value), events: before?.events ?? 0 } },
    );
  };
  const changed = JSON.stringify([days, own]) !== JSON.stringify([held.days, held.sources]);
  return (
    <>
      <div className="figures">
        {Object.entries(days).map(([kind, n]) => (
          <NumberInput
            key={kind}
            label={word("retention", kind)}
            description={
              held.fixed[kind]
                ? t("settings.above", { origin: held.fixed[kind] })
                : n
                  ? t("retention.days", { n })
                  : t("retention.always")
            }
            value={n}
            onChange={(value) => {
              plan.reset();
              setDays({ ...days, [kind]: Number(value) || 0 });
            }}
            min={0}
            max={LONGEST}
            allowDecimal={false}
            readOnly={!may || !!held.fixed[kind]}
          />
        ))}
      </div>
      {here.length > 0 && (
        <>
          <h3 className="dim">{t("retention.own")}</h3>
          <div className="figures">
            {here.map((one) => (
              <NumberInput
                key={one.name}
                label={sourceName(one.name)}
                description={own[one.name] ? t("retention.days.zero") : t("retention.as")}
                value={own[one.name]?.messages ?? ""}
                onChange={(value) => of(one.name, value)}
                min={0}
                max={LONGEST}
                allowDecimal={false}
                readOnly={!may || !!held.fixed.sources}
              />
            ))}
          </div>
        </>
      )}
      {plan.error && <Failure error={plan.error} />}
      {plan.data && (
        <Alert color={Object.keys(plan.data.due).length ? "orange" : "moss"} title={t("retention.would")}>
          <Counts counts={plan.data.due} />
        </Alert>
      )}
      {may && (
        <Group>
          {plan.data ? (
            <Button onClick={save} loading={act.isPending}>
              {t("action.save")}
            </Button>
          ) : (
            <Button onClick={() => plan.mutate()} loading={plan.isPending} disabled={!changed}>
              {t("retention.look")}
            </Button>
          )}
          {changed && (
            <Button
              variant="default"
              onClick={() => {
                plan.reset();
                setDays(held.days);
                setOwn(held.sources);
              }}
            >
              {t("action.cancel")}
            </Button>
          )}
        </Group>
      )}
    </>
  );
}

function LetGo({ due }: { due: Record<string, number> }) {
  const t = useT();
  const news = useNews();
  const act = useAct();
  const may = useMay("admin");
  if (!may || !Object.keys(due).length) return null;
  return (
    <div>
      <ConfirmButton
        variant="light"
        color="red"
        leftSection={<IconClockX size={17} />}
        ask={t("retention.do")}
        about={<Counts counts={due} />}
        onConfirm={() =>
          act.mutateAsync(async () => {
            await ok(api.POST("/api/retention/purge"));
            news.done(t("retention.gone"));
          })
        }
      >
        {t("retention.do")}
      </ConfirmButton>
    </div>
  );
}
