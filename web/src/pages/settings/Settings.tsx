/** Every setting with where its value comes from, changed in place; and the parts that are plugged in. */
import { Accordion, Badge, Switch, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok } from "../../client";
import { Page, Panel } from "../../components/Page";
import { Empty, Loaded } from "../../components/states";
import { useT, useWord } from "../../i18n";
import { nameOf, type Setting, Value } from "./Value";

const GENERAL = "general"; // what belongs to no section

export default function Settings() {
  const t = useT();
  const [search, setSearch] = useState("");
  const [changed, setChanged] = useState(false);
  const [open, setOpen] = useState<string[]>([]);
  const [wanted] = useDebouncedValue(search.trim().toLowerCase(), 150);
  const settings = useQuery({
    queryKey: ["settings"],
    queryFn: () => ok(api.GET("/api/settings")),
  });
  const matches = (one: Setting) =>
    `${nameOf(one)} ${one.about}`.toLowerCase().includes(wanted) && (!changed || one.origin !== "built-in");
  return (
    <Page
      title={t("nav.settings")}
      lead={t("settings.lead")}
      actions={
        <>
          <Switch
            label={t("settings.changed.only")}
            checked={changed}
            onChange={(event) => setChanged(event.currentTarget.checked)}
          />
          <TextInput
            leftSection={<IconSearch size={16} />}
            placeholder={t("settings.search")}
            aria-label={t("settings.search")}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
        </>
      }
    >
      <Loaded query={settings} lines={10}>
        {({ items }) => {
          const found = sections(items.filter(matches));
          const narrowed = !!wanted || changed;
          return found.length ? (
            <Panel>
              <Accordion
                multiple
                keepMounted={false}
                value={narrowed ? found.map(([section]) => section || GENERAL) : open}
                onChange={(sections) => !narrowed && setOpen(sections)}
              >
                {found.map(([section, held]) => (
                  <Section key={section} name={section} settings={held} />
                ))}
              </Accordion>
            </Panel>
          ) : (
            <Empty icon={IconSearch} title={t("settings.none")}>
              {t("settings.none.text")}
            </Empty>
          );
        }}
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

function Section({ name, settings }: { name: string; settings: Setting[] }) {
  const t = useT();
  const word = useWord();
  const changed = settings.filter((one) => one.origin !== "built-in").length;
  return (
    <Accordion.Item value={name || GENERAL}>
      <Accordion.Control>
        <span className="row">
          <strong>{name ? word("section", name) : t("settings.general")}</strong>
          {changed > 0 && <Badge>{t("settings.changed.n", { n: changed })}</Badge>}
        </span>
      </Accordion.Control>
      <Accordion.Panel>
        <ul className="plain ruled">
          {settings.map((one) => (
            <Value key={nameOf(one)} one={one} />
          ))}
        </ul>
      </Accordion.Panel>
    </Accordion.Item>
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
