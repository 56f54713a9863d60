/** Where the owner's messages come from: allowed first, then dropped here, read, and counted to the last one. */
import { Accordion, Badge, Button, Table } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconShieldPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { api, ok } from "../../client";
import { Dialog } from "../../components/Dialog";
import { Markdown } from "../../components/Markdown";
import { Page, Panel } from "../../components/Page";
import { Sheet } from "../../components/Sheet";
import { Loaded } from "../../components/states";
import { useAllowed, useSources } from "../../hooks/data";
import { useMay } from "../../hooks/session";
import { useFormat, useT } from "../../i18n";
import { Allow } from "./Allow";
import { Contacts } from "./Contacts";
import { First } from "./First";
import { Import, PastImports } from "./Import";
import { useSourceName } from "./names";
import classes from "./Sources.module.css";

export default function Sources() {
  const t = useT();
  const may = useMay("import");
  const allowed = useAllowed();
  return (
    <Page title={t("nav.sources")} lead={t("sources.lead")}>
      {may && (
        <Panel title={t("import.title")} about={t("import.about")}>
          {allowed.size > 0 ? <Import /> : <First />}
        </Panel>
      )}
      <Held />
      <PastImports />
      <Contacts />
      <Others />
    </Page>
  );
}

/** How to get an export, as its guide says; asked for when it is opened. */
function Guide({ source }: { source: string }) {
  const t = useT();
  const guide = useQuery({
    queryKey: ["guide", source],
    queryFn: () => ok(api.GET("/api/sources/{source}/guide", { params: { path: { source } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Loaded query={guide} lines={3}>
      {({ markdown }) => (
        <details className={classes.guide}>
          <summary>{t("sources.guide")}</summary>
          <div lang="en" dir="ltr">
            <Markdown text={markdown} />
          </div>
        </details>
      )}
    </Loaded>
  );
}

/** What is allowed or kept. */
function Held() {
  const t = useT();
  const sourceName = useSourceName();
  const format = useFormat();
  const sources = useSources();
  return (
    <Loaded query={sources}>
      {({ items }) => {
        const held = items.filter((one) => one.allowed.length > 0 || one.records > 0);
        if (!held.length) return null;
        return (
          <Panel title={t("sources.title")} about={t("sources.about")}>
            <Sheet
              minWidth={520}
              columns={[
                t("sources.source"),
                t("sources.allowed"),
                t("sources.kept"),
                { label: t("contacts.actions"), quiet: true },
              ]}
            >
              {held.map((one) => (
                <Table.Tr key={one.name}>
                  <Table.Th scope="row" fw={550}>
                    {sourceName(one.name)}
                  </Table.Th>
                  <Table.Td>
                    <span className="row">
                      {one.allowed.map((purpose) => (
                        <Badge key={purpose}>{t(`purpose.${purpose}`)}</Badge>
                      ))}
                      {!one.allowed.includes("archive") && (
                        <Badge color="red">{t("sources.withdrawn")}</Badge>
                      )}
                    </span>
                  </Table.Td>
                  <Table.Td>{format.number(one.records)}</Table.Td>
                  <Table.Td>
                    <Button component={Link} to="/privacy" size="compact-sm" variant="subtle">
                      {t("sources.manage")}
                    </Button>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Sheet>
          </Panel>
        );
      }}
    </Loaded>
  );
}

/** All that is not allowed yet: what is read of it, and how to get its export. */
function Others() {
  const t = useT();
  const sourceName = useSourceName();
  const sources = useSources();
  const may = useMay("import");
  const [opened, modal] = useDisclosure();
  const [wanted, setWanted] = useState("");
  const others = (sources.data?.items ?? []).filter((one) => !one.allowed.length);
  if (!others.length) return null;
  return (
    <Panel title={t("sources.others")} about={t("sources.others.about")}>
      <Accordion variant="default" keepMounted={false} classNames={{ content: classes.opened }}>
        {others.map((one) => (
          <Accordion.Item key={one.name} value={one.name}>
            <Accordion.Control>{sourceName(one.name)}</Accordion.Control>
            <Accordion.Panel>
              <p lang="en" dir="ltr" className={classes.reads}>
                {one.reads}
              </p>
              <Guide source={one.name} />
              {may && (
                <Button
                  mt="sm"
                  size="xs"
                  variant="light"
                  leftSection={<IconShieldPlus size={16} />}
                  onClick={() => {
                    setWanted(one.name);
                    modal.open();
                  }}
                >
                  {t("sources.allow")}
                </Button>
              )}
            </Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
      <Dialog
        opened={opened}
        close={modal.close}
        size="lg"
        title={t("allow.title", { source: sourceName(wanted) })}
      >
        <Allow sources={[wanted]} done={modal.close} cancel={modal.close} />
      </Dialog>
    </Panel>
  );
}
