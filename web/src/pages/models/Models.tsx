/** The models of the vault: which speaks, how good each is, where it comes from, and how to let go of it. */
import { Badge, Button, Checkbox, Group, Table } from "@mantine/core";
import { IconArrowBackUp, IconBrain, IconScale, IconStar } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { api, ok, type Schemas } from "../../client";
import { ConfirmButton, useNews } from "../../components/Confirm";
import { Page, Panel } from "../../components/Page";
import { Sheet } from "../../components/Sheet";
import { Empty, Failure, Loaded, Waiting } from "../../components/states";
import { useAct } from "../../hooks/act";
import { useConsents, useModels } from "../../hooks/data";
import { useMay } from "../../hooks/session";
import { useFormat, useT, useWord } from "../../i18n";
import { Compare } from "./Compare";
import { Lineage } from "./Lineage";
import { Scores } from "./Scores";

type Model = Schemas["ModelView"];

export default function Models() {
  const t = useT();
  const query = useModels();
  const consents = useConsents();
  const graph = useQuery({ queryKey: ["lineage"], queryFn: () => ok(api.GET("/api/lineage")) });
  const [chosen, setChosen] = useState<string[]>([]);
  return (
    <Page title={t("nav.models")} lead={t("models.lead")}>
      <Loaded query={query}>
        {({ items }) =>
          items.length ? (
            <>
              <Registry models={items} chosen={chosen} choose={setChosen} />
              {chosen.length > 1 && <Compare key={chosen.join()} models={chosen} />}
              <Cards
                models={items.filter((one) => (chosen.length ? chosen.includes(one.id) : one.champion))}
              />
              <Panel title={t("lineage.title")} about={t("lineage.about")}>
                <Lineage models={items} consents={consents.data?.items ?? []} graph={graph.data} />
              </Panel>
            </>
          ) : (
            <Empty
              icon={IconBrain}
              title={t("models.empty")}
              action={
                <Button component={Link} to="/train">
                  {t("nav.train")}
                </Button>
              }
            >
              {t("models.empty.text")}
            </Empty>
          )
        }
      </Loaded>
    </Page>
  );
}

function Registry(props: { models: Model[]; chosen: string[]; choose: (ids: string[]) => void }) {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  const news = useNews();
  const client = useQueryClient();
  const may = useMay("train");
  const act = useAct();
  const roll = () => act.mutate(() => ok(api.POST("/api/models/rollback")));
  const promote = (model: string, force = false) =>
    ok(api.POST("/api/models/{model}/promote", { params: { path: { model } }, body: { force } }));
  const promoted = (model: string) =>
    act.mutate(async () => {
      await promote(model);
      news.done(t("models.promoted", { model }), roll);
    });
  return (
    <Panel
      title={t("models.registry")}
      about={t("models.registry.about")}
      actions={
        may &&
        props.models.length > 1 && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconArrowBackUp size={16} className="flips" />}
            loading={act.isPending}
            onClick={roll}
          >
            {t("models.rollback")}
          </Button>
        )
      }
    >
      <Sheet
        minWidth={620}
        columns={[
          { label: t("models.compare"), width: 34, quiet: true },
          t("models.model"),
          t("models.made"),
          t("models.from"),
          { label: t("contacts.actions"), quiet: true },
        ]}
      >
        {props.models.map((model) => (
          <Table.Tr key={model.id}>
            <Table.Td>
              <Checkbox
                aria-label={t("models.compare.one", { model: model.id })}
                checked={props.chosen.includes(model.id)}
                onChange={(event) =>
                  props.choose(
                    event.currentTarget.checked
                      ? [...props.chosen, model.id]
                      : props.chosen.filter((id) => id !== model.id),
                  )
                }
              />
            </Table.Td>
            <Table.Th scope="row" fw={500}>
              <span className="row">
                <strong>{model.id}</strong>
                {word("method", model.method)}
                {model.champion && (
                  <Badge color="clay" leftSection={<IconStar size={12} />}>
                    {t("models.speaks")}
                  </Badge>
                )}
              </span>
            </Table.Th>
            <Table.Td className="nowrap">{format.time(model.created_at)}</Table.Td>
            <Table.Td>
              {model.dataset}
              {model.base ? ` · ${model.base}` : ""}
            </Table.Td>
            <Table.Td>
              {may && (
                <Group gap="xs" justify="flex-end" wrap="nowrap">
                  {!model.champion && (
                    <Button size="compact-sm" variant="light" onClick={() => promoted(model.id)}>
                      {t("models.promote")}
                    </Button>
                  )}
                  <ConfirmButton
                    size="compact-sm"
                    variant="subtle"
                    color="red"
                    ask={t("models.forget.ask", { model: model.id })}
                    about={<p>{t("models.forget.about")}</p>}
                    onConfirm={async () => {
                      await forget(model.id);
                      await client.invalidateQueries();
                      news.done(t("models.forgotten", { model: model.id }));
                    }}
                  >
                    {t("models.forget")}
                  </ConfirmButton>
                </Group>
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Sheet>
    </Panel>
  );
}

/** Erases one model: what would go is asked for, and exactly that is confirmed. */
async function forget(model: string): Promise<void> {
  const { confirm } = await ok(api.POST("/api/erasures/plan", { body: { what: "model", name: model } }));
  await ok(api.POST("/api/erasures", { body: { what: "model", name: model, confirm } }));
}

/** The scorecards of these models; who has none can be judged from here. */
function Cards({ models }: { models: Model[] }) {
  const t = useT();
  const news = useNews();
  const client = useQueryClient();
  const may = useMay("train");
  const scored = models.filter((one) => one.scored).map((one) => one.id);
  const without = models.filter((one) => !one.scored).map((one) => one.id);
  const query = useQuery({
    queryKey: ["scorecards", ...scored],
    queryFn: () =>
      Promise.all(
        scored.map((model) => ok(api.GET("/api/scorecards/{model}", { params: { path: { model } } }))),
      ),
  });
  const judge = useMutation({
    mutationFn: (model: string) => ok(api.POST("/api/scorecards", { body: { model, settings: {} } })),
    onSuccess: () => {
      news.done(t("models.judging"));
      void client.invalidateQueries({ queryKey: ["jobs"] });
    },
    onError: news.failed,
  });
  if (query.error) return <Failure error={query.error} />;
  if (!query.data) return <Waiting />;
  const cards = query.data;
  const names = models.map((one) => one.id);
  if (!names.length) return null;
  return (
    <Panel
      title={
        names.length > 1
          ? t("models.compared", { models: names.join(", ") })
          : t("models.card", { model: names[0] })
      }
      about={t("models.card.about")}
    >
      {cards.length > 0 && <Scores cards={cards} />}
      {without.length > 0 && (
        <Empty
          icon={IconScale}
          title={t("models.unjudged", { models: without.join(", ") })}
          action={
            may && (
              <Button
                loading={judge.isPending}
                onClick={() => without.forEach((one) => void judge.mutate(one))}
              >
                {t("models.judge")}
              </Button>
            )
          }
        >
          {t("models.unjudged.text")}
        </Empty>
      )}
    </Panel>
  );
}
