/** What is stored: how much of each source, how long, and the messages themselves, as they are kept. */
import { Button, Pagination, Switch, Table, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconDatabase, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok } from "../../client";
import { Panel } from "../../components/Page";
import { Sheet } from "../../components/Sheet";
import { BringIn, Empty, Loaded } from "../../components/states";
import { useKept } from "../../hooks/data";
import { useMay } from "../../hooks/session";
import { useFormat, useT } from "../../i18n";
import { useSourceName } from "../sources/names";
import classes from "./Privacy.module.css";
import { Retention } from "./Retention";

export function Kept() {
  const t = useT();
  const sourceName = useSourceName();
  const format = useFormat();
  const { query, messages, events } = useKept();
  const reads = useMay("read");
  return (
    <>
      <Panel title={t("kept.title")} about={t("kept.about")}>
        <Loaded query={query}>
          {() => {
            return messages.length + events.length ? (
              <Sheet
                minWidth={460}
                columns={[
                  t("sources.source"),
                  t("kept.what"),
                  t("kept.records"),
                  t("kept.talks"),
                  t("kept.size"),
                ]}
              >
                {messages.map((one) => (
                  <Table.Tr key={one.name}>
                    <Table.Th scope="row" fw={550}>
                      {sourceName(one.name)}
                    </Table.Th>
                    <Table.Td>{t("kept.messages")}</Table.Td>
                    <Table.Td>{format.number(one.records)}</Table.Td>
                    <Table.Td>{format.number(one.conversations)}</Table.Td>
                    <Table.Td>{format.bytes(one.bytes)}</Table.Td>
                  </Table.Tr>
                ))}
                {events.map((one) => (
                  <Table.Tr key={`events ${one.name}`}>
                    <Table.Th scope="row" fw={550}>
                      <bdi>{sourceName(one.name)}</bdi>
                    </Table.Th>
                    <Table.Td>{t("kept.events")}</Table.Td>
                    <Table.Td>{format.number(one.records)}</Table.Td>
                    <Table.Td>–</Table.Td>
                    <Table.Td>–</Table.Td>
                  </Table.Tr>
                ))}
              </Sheet>
            ) : (
              <Empty icon={IconDatabase} title={t("kept.empty")} action={<BringIn />}>
                {t("kept.empty.text")}
              </Empty>
            );
          }}
        </Loaded>
      </Panel>
      <Retention />
      {reads && <Messages />}
    </>
  );
}

const ROWS = 20;

/** The messages as they are kept: asked for, they are told in the audit log as read. */
function Messages() {
  const t = useT();
  const sourceName = useSourceName();
  const format = useFormat();
  const [shown, setShown] = useState(false);
  const [search, setSearch] = useState("");
  const [own, setOwn] = useState(false);
  const [page, setPage] = useState(1);
  const [q] = useDebouncedValue(search.trim(), 300);
  const messages = useQuery({
    queryKey: ["messages", q, own, page],
    queryFn: () =>
      ok(
        api.GET("/api/messages", {
          params: { query: { q, ...(own ? { own } : {}), limit: ROWS, cursor: String((page - 1) * ROWS) } },
        }),
      ),
    enabled: shown,
    placeholderData: (held) => held,
  });
  return (
    <Panel title={t("messages.title")} about={t("messages.about")}>
      {!shown ? (
        <div>
          <Button variant="default" onClick={() => setShown(true)}>
            {t("messages.show")}
          </Button>
        </div>
      ) : (
        <div className="stack">
          <div className="row">
            <TextInput
              leftSection={<IconSearch size={16} />}
              placeholder={t("messages.search")}
              aria-label={t("messages.search")}
              value={search}
              onChange={(event) => {
                setSearch(event.currentTarget.value);
                setPage(1);
              }}
            />
            <Switch
              label={t("messages.own")}
              checked={own}
              onChange={(event) => setOwn(event.currentTarget.checked)}
            />
          </div>
          <Loaded query={messages}>
            {({ items, total }) => (
              <>
                <ul className={classes.places}>
                  {items.map((one) => (
                    <li key={one.id}>
                      <span className="dim">
                        <bdi>{one.own ? t("contacts.me") : one.sender}</bdi> · {format.time(one.at)} ·{" "}
                        {sourceName(one.source)}
                      </span>
                      <p className={`words ${classes.message}`}>{one.text || "…"}</p>
                    </li>
                  ))}
                </ul>
                {items.length === 0 && <p className="dim">{t("messages.none")}</p>}
                {total > ROWS && (
                  <Pagination
                    total={Math.min(Math.ceil(total / ROWS), 500)}
                    value={page}
                    onChange={setPage}
                    getControlProps={(control) => ({ "aria-label": t(`page.${control}`) })}
                  />
                )}
              </>
            )}
          </Loaded>
        </div>
      )}
    </Panel>
  );
}
