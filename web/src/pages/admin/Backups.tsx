/** The backups of the vault, whether each is whole, the state of the vault itself, and taking everything along. */
import { Badge, Button, Group, Table } from "@mantine/core";
import { IconCloudOff, IconDatabaseExport, IconHeartbeat, IconShieldCheck } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ok } from "../../client";
import { useNews } from "../../components/Confirm";
import { Panel } from "../../components/Page";
import { Sheet } from "../../components/Sheet";
import { Empty, Failure, Loaded } from "../../components/states";
import { useFormat, useT, useWord } from "../../i18n";

export function Backups() {
  const t = useT();
  const format = useFormat();
  const news = useNews();
  const client = useQueryClient();
  const settings = useQuery({ queryKey: ["settings"], queryFn: () => ok(api.GET("/api/settings")) });
  const held = settings.data?.items.find((one) => one.section === "backup" && one.key === "folder");
  const folder = String(held?.value ?? "");
  const backups = useQuery({
    queryKey: ["backups"],
    queryFn: () => ok(api.GET("/api/backups")),
    enabled: !!folder,
    retry: false,
  });

  const check = useMutation({
    mutationFn: () => ok(api.POST("/api/backups/check", { body: { deep: false } })),
  });
  const make = useMutation({
    mutationFn: () => ok(api.POST("/api/backups", { body: { keep: null } })),
    onSuccess: () => {
      news.done(t("backups.begun"));
      void client.invalidateQueries({ queryKey: ["jobs"] });
    },
    onError: news.failed,
  });
  const faults = (name: string) => check.data?.items.find((one) => one.name === name)?.faults;
  return (
    <>
      <Panel
        title={t("backups.title")}
        about={t("backups.about")}
        actions={
          backups.data && (
            <Group gap="xs">
              <Button
                leftSection={<IconDatabaseExport size={17} />}
                loading={make.isPending}
                onClick={() => make.mutate()}
              >
                {t("backups.do")}
              </Button>
              <Button
                variant="default"
                leftSection={<IconShieldCheck size={17} />}
                loading={check.isPending}
                onClick={() => check.mutate()}
              >
                {t("backups.check")}
              </Button>
            </Group>
          )
        }
      >
        {settings.data && !folder ? (
          <Empty icon={IconCloudOff} title={t("backups.nowhere")}>
            {t("backups.nowhere.text")}
          </Empty>
        ) : backups.error ? (
          <Failure error={backups.error} retry={() => void backups.refetch()} />
        ) : (
          <Loaded query={backups}>
            {({ items }) =>
              items.length ? (
                <Sheet
                  minWidth={460}
                  columns={[t("audit.when"), t("kept.records"), t("kept.size"), t("backups.whole")]}
                >
                  {items.map((one) => {
                    const wrong = faults(one.name);
                    return (
                      <Table.Tr key={one.name}>
                        <Table.Th scope="row" fw={500}>
                          {format.time(one.at)}
                        </Table.Th>
                        <Table.Td>{format.number(one.records)}</Table.Td>
                        <Table.Td>{format.bytes(one.size)}</Table.Td>
                        <Table.Td>
                          {wrong === undefined ? (
                            "–"
                          ) : (
                            <Badge color={wrong.length ? "red" : "moss"}>
                              {wrong.length ? wrong.join(" ") : t("backups.whole.yes")}
                            </Badge>
                          )}
                        </Table.Td>
                      </Table.Tr>
                    );
                  })}
                </Sheet>
              ) : (
                <Empty icon={IconCloudOff} title={t("backups.empty")}>
                  {t("backups.empty.text")}
                </Empty>
              )
            }
          </Loaded>
        )}
      </Panel>
      <Health />
    </>
  );
}

function Health() {
  const t = useT();
  const word = useWord();
  const look = useMutation({ mutationFn: () => ok(api.POST("/api/vault/check")) });
  return (
    <Panel
      title={t("health.title")}
      about={t("health.about")}
      actions={
        <Button
          variant="default"
          leftSection={<IconHeartbeat size={17} />}
          loading={look.isPending}
          onClick={() => look.mutate()}
        >
          {t("health.do")}
        </Button>
      }
    >
      {look.error && <Failure error={look.error} />}
      <ul className="plain" lang="en" dir="ltr">
        {look.data?.items.map((one) => (
          <li key={one.name}>
            <span className="row">
              <Badge color={one.state === "ok" ? "moss" : one.state === "warning" ? "clay" : "red"}>
                {word("check", one.state)}
              </Badge>
              <strong>{one.name}</strong> {one.found}
            </span>
            {one.todo && one.state !== "ok" && <p className="dim">{one.todo}</p>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
