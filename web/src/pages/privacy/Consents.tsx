/** Every consent, what it allows, and its withdrawal with what goes along. */
import { Badge, Button, Group, Radio, Table } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconShieldLock, IconShieldOff } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { useNews } from "../../components/Confirm";
import { Dialog } from "../../components/Dialog";
import { Panel } from "../../components/Page";
import { Sheet } from "../../components/Sheet";
import { BringIn, Failure, Listed } from "../../components/states";
import { useConsents } from "../../hooks/data";
import { useMay } from "../../hooks/session";
import { useFormat, useT, useWord } from "../../i18n";
import { useSourceName } from "../sources/names";

type Consent = Schemas["ConsentView"];
type Also = "nothing" | "models" | "records";

const ALSO: Also[] = ["nothing", "models", "records"];

export function Consents() {
  const t = useT();
  const query = useConsents();
  return (
    <Panel title={t("consents.title")} about={t("consents.about")}>
      <Listed
        query={query}
        empty={{
          icon: IconShieldLock,
          title: t("consents.empty"),
          children: t("consents.empty.text"),
          action: <BringIn />,
        }}
      >
        {(items) => <List consents={items} />}
      </Listed>
    </Panel>
  );
}

function List({ consents }: { consents: Consent[] }) {
  const t = useT();
  const sourceName = useSourceName();
  const word = useWord();
  const format = useFormat();
  const may = useMay("admin");
  const [withdrawing, setWithdrawing] = useState<Consent | null>(null);
  const [opened, modal] = useDisclosure();
  return (
    <>
      <Sheet
        minWidth={560}
        columns={[
          t("sources.source"),
          t("consents.for"),
          t("consents.given"),
          t("consents.until"),
          { label: t("contacts.actions"), quiet: true },
        ]}
      >
        {consents.map((one) => (
          <Table.Tr key={one.id}>
            <Table.Th scope="row" fw={550}>
              {sourceName(one.source)}
            </Table.Th>
            <Table.Td>
              <span className="row">
                {[...one.purposes, ...(one.special ?? [])].map((purpose) => (
                  <Badge key={purpose} color={one.state === "withdrawn" ? "gray" : "moss"}>
                    {word("purpose", purpose)}
                  </Badge>
                ))}
              </span>
            </Table.Td>
            <Table.Td>{format.day(one.given_at)}</Table.Td>
            <Table.Td>
              {one.state === "withdrawn" ? (
                <Badge color="red">{t("sources.withdrawn")}</Badge>
              ) : one.expires_at ? (
                format.day(one.expires_at)
              ) : (
                t("consents.always")
              )}
            </Table.Td>
            <Table.Td>
              {may && one.state !== "withdrawn" && (
                <Button
                  size="compact-sm"
                  variant="subtle"
                  color="red"
                  leftSection={<IconShieldOff size={15} />}
                  aria-label={t("consents.withdraw.of", { source: sourceName(one.source) })}
                  onClick={() => {
                    setWithdrawing(one);
                    modal.open();
                  }}
                >
                  {t("consents.withdraw")}
                </Button>
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Sheet>
      <Dialog
        opened={opened}
        close={modal.close}
        title={t("consents.withdraw.ask", { source: withdrawing ? sourceName(withdrawing.source) : "" })}
      >
        {withdrawing && <Withdraw consent={withdrawing} close={modal.close} />}
      </Dialog>
    </>
  );
}

function Withdraw({ consent, close }: { consent: Consent; close: () => void }) {
  const t = useT();
  const news = useNews();
  const client = useQueryClient();
  const [also, setAlso] = useState<Also>("nothing");
  const withdraw = useMutation({
    mutationFn: () =>
      ok(
        api.POST("/api/consents/{consent}/withdraw", {
          params: { path: { consent: consent.id } },
          body: { erase: also },
        }),
      ),
    onSuccess: async () => {
      news.done(t("consents.withdrawn"));
      close();
      await client.invalidateQueries();
    },
  });
  return (
    <div className="stack">
      <p>{t("consents.withdraw.about")}</p>
      <Radio.Group value={also} onChange={(value) => setAlso(value as Also)} label={t("consents.also")}>
        <div className="plain">
          {ALSO.map((one) => (
            <Radio
              key={one}
              value={one}
              label={t(`consents.also.${one}`)}
              description={t(`consents.also.${one}.about`)}
            />
          ))}
        </div>
      </Radio.Group>
      {withdraw.error && <Failure error={withdraw.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={close} data-autofocus>
          {t("action.cancel")}
        </Button>
        <Button color="red" loading={withdraw.isPending} onClick={() => withdraw.mutate()}>
          {t("consents.withdraw")}
        </Button>
      </Group>
    </div>
  );
}
