/** Every setting with where its value comes from, and the parts that are plugged in. */
import { Badge, Table, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { Page, Panel } from "../../components/Page";
import { Loaded } from "../../components/states";
import { Wide } from "../../components/Wide";
import { useT, useWord } from "../../i18n";

type Setting = Schemas["SettingView"];

export default function Settings() {
  const t = useT();
  const [search, setSearch] = useState("");
  const [wanted] = useDebouncedValue(search.trim().toLowerCase(), 150);
  const settings = useQuery({
    queryKey: ["settings"],
    queryFn: () => ok(api.GET("/api/settings")),
  });
  const matches = (one: Setting) => `${nameOf(one)} ${one.about}`.toLowerCase().includes(wanted);
  return (
    <Page
      title={t("nav.settings")}
      lead={t("settings.lead")}
      actions={
        <TextInput
          leftSection={<IconSearch size={16} />}
          placeholder={t("settings.search")}
          aria-label={t("settings.search")}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      }
    >
      <Loaded query={settings} lines={10}>
        {({ items }) => (
          <>
            {sections(items.filter(matches)).map(([section, held]) => (
              <Section key={section} name={section} settings={held} />
            ))}
          </>
        )}
      </Loaded>
      <Plugins />
    </Page>
  );
}

function sections(settings: Setting[]): [string, Setting[]][] {
  const found = new Map<string, Setting[]>();
  for (const one of settings) {
    const section = one.key ? one.section : "";
    found.set(section, [...(found.get(section) ?? []), one]);
  }
  return [...found];
}

const nameOf = (one: Setting) => (one.key ? `${one.section}.${one.key}` : one.section);

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length ? value.map(String).join(", ") : "–";
  if (value === "" || value == null) return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function Section({ name, settings }: { name: string; settings: Setting[] }) {
  const t = useT();
  const word = useWord();
  return (
    <Panel title={name ? word("section", name) : t("settings.general")}>
      <Wide minWidth={560}>
        <Table verticalSpacing={7} layout="fixed">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col" w="44%">
                {t("settings.setting")}
              </Table.Th>
              <Table.Th scope="col">{t("settings.value")}</Table.Th>
              <Table.Th scope="col" w="9rem">
                {t("settings.origin")}
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {settings.map((one) => (
              <Table.Tr key={nameOf(one)}>
                <Table.Th scope="row" fw={500}>
                  <span className="mono">{nameOf(one)}</span>
                  <div className="dim" lang="en" dir="ltr">
                    {one.about}
                  </div>
                </Table.Th>
                <Table.Td>
                  <span className="mono">{shown(one.value)}</span>
                </Table.Td>
                <Table.Td>
                  <Badge color={one.origin === "built-in" ? "gray" : "moss"}>
                    {word("origin", one.origin)}
                  </Badge>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Wide>
    </Panel>
  );
}

function Plugins() {
  const t = useT();
  const word = useWord();
  const plugins = useQuery({
    queryKey: ["plugins"],
    queryFn: () => ok(api.GET("/api/plugins")),
  });
  return (
    <Panel title={t("settings.plugins")} about={t("settings.plugins.about")}>
      <Loaded query={plugins}>
        {({ items }) => (
          <div className="stack">
            {[...new Set(items.map((one) => one.kind))].map((group) => (
              <div key={group}>
                <h3 className="dim">{word("plugin", group)}</h3>
                <div className="row">
                  {items
                    .filter((one) => one.kind === group)
                    .map((one) => (
                      <Badge key={one.name} color="gray" title={`${one.module} (${one.package})`}>
                        {one.name}
                      </Badge>
                    ))}
                </div>
              </div>
            ))}
          </div>
        )}
      </Loaded>
    </Panel>
  );
}
