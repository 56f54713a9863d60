/** The log of everything that was done, and the proof that nothing of it was changed since. */
import { Alert, Button, Table, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch, IconShieldCheck, IconShieldX } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok } from "../../client";
import { Panel } from "../../components/Page";
import { Sheet, Turn } from "../../components/Sheet";
import { Loaded, useSaid } from "../../components/states";
import { useFormat, useT } from "../../i18n";

const ROWS = 50;

export function Audit() {
  const t = useT();
  const format = useFormat();
  const said = useSaid();
  const [before, setBefore] = useState<string[]>([]); // the cursors of the pages turned so far
  const [search, setSearch] = useState("");
  const [action] = useDebouncedValue(search.trim(), 250);
  const rows = useQuery({
    queryKey: ["audit", before.at(-1), action],
    queryFn: () =>
      ok(api.GET("/api/audit", { params: { query: { limit: ROWS, cursor: before.at(-1) ?? "", action } } })),
    placeholderData: (held) => held,
  });
  const verify = useMutation({ mutationFn: () => ok(api.POST("/api/audit/verify")) });
  return (
    <>
      <Panel
        title={t("audit.verify")}
        about={t("audit.verify.about")}
        actions={
          <Button
            leftSection={<IconShieldCheck size={17} />}
            loading={verify.isPending}
            onClick={() => verify.mutate()}
          >
            {t("audit.verify.do")}
          </Button>
        }
      >
        <div aria-live="polite">
          {verify.data && (
            <Alert color="moss" icon={<IconShieldCheck />} title={t("audit.holds")} data-testid="verified">
              {t("audit.holds.text", { rows: verify.data.rows, checkpoints: verify.data.checkpoints })}
            </Alert>
          )}
          {verify.error && (
            <Alert color="red" icon={<IconShieldX />} title={t("audit.broken")}>
              {said(verify.error).title} {said(verify.error).text}
            </Alert>
          )}
        </div>
      </Panel>
      <Panel
        title={t("audit.title")}
        about={t("audit.about")}
        actions={
          <TextInput
            size="xs"
            w={250}
            leftSection={<IconSearch size={15} />}
            placeholder={t("audit.search")}
            aria-label={t("audit.search")}
            value={search}
            onChange={(event) => {
              setSearch(event.currentTarget.value);
              setBefore([]);
            }}
          />
        }
      >
        <Loaded query={rows} lines={8}>
          {({ items, total, next }) => (
            <>
              <Sheet minWidth={560} columns={["#", t("audit.when"), t("audit.what"), t("audit.details")]}>
                {items.map((row) => (
                  <Table.Tr key={row.seq}>
                    <Table.Td>{row.seq}</Table.Td>
                    <Table.Td className="nowrap">{row.at ? format.time(row.at) : "–"}</Table.Td>
                    <Table.Td className="mono nowrap">{row.action}</Table.Td>
                    <Table.Td className="mono">
                      {Object.entries(row.details)
                        .map(([name, value]) => `${name}=${String(value)}`)
                        .join("  ")}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Sheet>
              <Turn before={before} next={next} turn={setBefore}>
                {t("audit.rows", { n: total })}
              </Turn>
            </>
          )}
        </Loaded>
      </Panel>
    </>
  );
}
