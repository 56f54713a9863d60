/** What is stored: how much of each source, how long, and the messages themselves, as they are kept. */
import { Badge, Button, Pagination, Switch, Table, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconClockX, IconDatabase, IconSearch } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { api, ok } from "../../client";
import { useNews } from "../../components/Confirm";
import { Panel } from "../../components/Page";
import { Empty, Loaded } from "../../components/states";
import { Wide } from "../../components/Wide";
import { useSources } from "../../hooks/data";
import { useMay } from "../../hooks/session";
import { useFormat, useT, useWord } from "../../i18n";
import { sourceName } from "../sources/names";
import classes from "./Privacy.module.css";

export function Kept() {
  const t = useT();
  const format = useFormat();
  const sources = useSources();
  const reads = useMay("read");
  return (
    <>
      <Panel title={t("kept.title")} about={t("kept.about")}>
        <Loaded query={sources}>
          {({ items }) => {
            const held = items.filter((one) => one.records > 0);
            return held.length ? (
              <Wide minWidth={460}>
                <Table verticalSpacing={8}>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th scope="col">{t("sources.source")}</Table.Th>
                      <Table.Th scope="col">{t("kept.records")}</Table.Th>
                      <Table.Th scope="col">{t("kept.talks")}</Table.Th>
                      <Table.Th scope="col">{t("kept.size")}</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {held.map((one) => (
                      <Table.Tr key={one.name}>
                        <Table.Th scope="row" fw={550}>
                          {sourceName(one.name)}
                        </Table.Th>
                        <Table.Td>{format.number(one.records)}</Table.Td>
                        <Table.Td>{format.number(one.conversations)}</Table.Td>
                        <Table.Td>{format.bytes(one.bytes)}</Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Wide>
            ) : (
              <Empty
                icon={IconDatabase}
                title={t("kept.empty")}
                action={
                  <Button component={Link} to="/sources">
                    {t("action.import")}
                  </Button>
                }
              >
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

function Retention() {
  const t = useT();
  const word = useWord();
  const news = useNews();
  const client = useQueryClient();
  const may = useMay("admin");
  const retention = useQuery({ queryKey: ["retention"], queryFn: () => ok(api.GET("/api/retention")) });
  const purge = useMutation({
    mutationFn: () => ok(api.POST("/api/retention/purge")),
    onSuccess: async () => {
      news.done(t("retention.gone"));
      await client.invalidateQueries();
    },
    onError: news.failed,
  });
  return (
    <Panel title={t("retention.title")} about={t("retention.about")}>
      <Loaded query={retention} lines={2}>
        {({ days, due }) => (
          <div className="stack">
            <div className="row">
              {Object.entries(days).map(([kind, n]) => (
                <Badge key={kind} size="lg" color={n ? "moss" : "gray"}>
                  {word("retention", kind)}: {n ? t("retention.days", { n }) : t("retention.always")}
                </Badge>
              ))}
            </div>
            {may && Object.keys(due).length > 0 && (
              <div>
                <Button
                  variant="light"
                  color="red"
                  leftSection={<IconClockX size={17} />}
                  loading={purge.isPending}
                  onClick={() => purge.mutate()}
                >
                  {t("retention.do")}
                </Button>
              </div>
            )}
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

const ROWS = 20;

/** The messages as they are kept: asked for, they are told in the audit log as read. */
function Messages() {
  const t = useT();
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
        <Button variant="default" onClick={() => setShown(true)}>
          {t("messages.show")}
        </Button>
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
