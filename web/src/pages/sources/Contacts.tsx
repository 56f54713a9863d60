/** The people in the owner's messages: one person on several platforms joined, renamed, or left out. */
import { ActionIcon, Badge, Button, Checkbox, Group, Menu, Table, TextInput } from "@mantine/core";
import { useDebouncedValue, useDisclosure } from "@mantine/hooks";
import {
  IconArrowMerge,
  IconDots,
  IconEye,
  IconEyeOff,
  IconPencil,
  IconSearch,
  IconUsers,
} from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { ConfirmButton, useNews } from "../../components/Confirm";
import { Dialog } from "../../components/Dialog";
import { Panel } from "../../components/Page";
import { Sheet } from "../../components/Sheet";
import { Listed } from "../../components/states";
import { useAct } from "../../hooks/act";
import { useContacts } from "../../hooks/data";
import { useMay } from "../../hooks/session";
import { useFormat, useT } from "../../i18n";
import { useSourceName } from "./names";

type Contact = Schemas["ContactView"];

export function Contacts() {
  const t = useT();
  const query = useContacts();
  const [search, setSearch] = useState("");
  const [wanted] = useDebouncedValue(search.trim().toLowerCase(), 150);
  const [chosen, setChosen] = useState<string[]>([]);
  const matches = (one: Contact) =>
    [one.name, ...one.handles].some((name) => name.toLowerCase().includes(wanted));
  return (
    <Panel
      title={t("contacts.title")}
      about={t("contacts.about")}
      actions={
        <TextInput
          size="xs"
          leftSection={<IconSearch size={15} />}
          placeholder={t("contacts.search")}
          aria-label={t("contacts.search")}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      }
    >
      <Listed
        query={query}
        empty={{ icon: IconUsers, title: t("contacts.empty"), children: t("contacts.empty.text") }}
      >
        {(items) => (
          <>
            <Merge
              people={items.filter((one) => chosen.includes(one.pseudonym))}
              clear={() => setChosen([])}
            />
            <Sheet
              minWidth={520}
              columns={[
                { label: t("contacts.choose"), width: 34, quiet: true },
                t("contacts.name"),
                t("contacts.where"),
                t("you.messages"),
                { label: t("contacts.actions"), width: 44, quiet: true },
              ]}
            >
              {items.filter(matches).map((one) => (
                <One
                  key={one.pseudonym}
                  person={one}
                  chosen={chosen.includes(one.pseudonym)}
                  choose={(on) =>
                    setChosen((held) =>
                      on ? [...held, one.pseudonym] : held.filter((id) => id !== one.pseudonym),
                    )
                  }
                />
              ))}
            </Sheet>
          </>
        )}
      </Listed>
    </Panel>
  );
}

function One({
  person,
  chosen,
  choose,
}: {
  person: Contact;
  chosen: boolean;
  choose: (on: boolean) => void;
}) {
  const t = useT();
  const sourceName = useSourceName();
  const format = useFormat();
  const news = useNews();
  const change = useAct("contacts");
  const may = useMay("import");
  const [renaming, renaming_] = useDisclosure();
  const path = { params: { path: { contact: person.pseudonym } } };
  const called = (name: string) => ok(api.PATCH("/api/contacts/{contact}", { ...path, body: { name } }));
  const left = (excluded: boolean) =>
    ok(api.PUT("/api/contacts/{contact}/exclusion", { ...path, body: { excluded } }));
  const exclude = (excluded: boolean) =>
    change.mutate(async () => {
      await left(excluded);
      news.done(t(excluded ? "contacts.excluded" : "contacts.included", { name: person.name }), () =>
        change.mutate(() => left(!excluded)),
      );
    });
  const rename = (name: string) =>
    change.mutate(async () => {
      await called(name);
      renaming_.close();
      news.done(t("contacts.renamed", { name }), () => change.mutate(() => called(person.name)));
    });
  const others = person.handles.filter((one) => one !== person.name);
  return (
    <Table.Tr opacity={person.excluded ? 0.75 : 1}>
      <Table.Td>
        <Checkbox
          aria-label={t("contacts.choose.one", { name: person.name })}
          checked={chosen}
          onChange={(event) => choose(event.currentTarget.checked)}
          disabled={!may}
        />
      </Table.Td>
      <Table.Th scope="row" fw={550}>
        <span className="row">
          <bdi>{person.name}</bdi>
          {person.pseudonym === "me" && <Badge>{t("contacts.me")}</Badge>}
          {person.excluded && <Badge color="gray">{t("contacts.out")}</Badge>}
          {person.objected && <Badge color="red">{t("contacts.objected")}</Badge>}
        </span>
        {others.length > 0 && <bdi className="dim">{others.join(" · ")}</bdi>}
      </Table.Th>
      <Table.Td>{person.platforms.map(sourceName).join(", ")}</Table.Td>
      <Table.Td>{format.number(person.messages)}</Table.Td>
      <Table.Td>
        {may && (
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon
                variant="subtle"
                color="gray"
                c="inherit"
                aria-label={t("contacts.actions.of", { name: person.name })}
              >
                <IconDots size={17} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconPencil size={16} />} onClick={renaming_.open}>
                {t("contacts.rename")}
              </Menu.Item>
              {person.pseudonym !== "me" && (
                <Menu.Item
                  leftSection={person.excluded ? <IconEye size={16} /> : <IconEyeOff size={16} />}
                  onClick={() => exclude(!person.excluded)}
                >
                  {t(person.excluded ? "contacts.include" : "contacts.exclude")}
                </Menu.Item>
              )}
            </Menu.Dropdown>
          </Menu>
        )}
        <Rename opened={renaming} close={renaming_.close} person={person} rename={rename} />
      </Table.Td>
    </Table.Tr>
  );
}

function Rename(props: {
  opened: boolean;
  close: () => void;
  person: Contact;
  rename: (name: string) => void;
}) {
  const t = useT();
  const [name, setName] = useState(props.person.name);
  return (
    <Dialog opened={props.opened} close={props.close} title={t("contacts.rename")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          props.rename(name.trim());
        }}
      >
        <TextInput
          label={t("contacts.name")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
          dir="auto"
          required
        />
        <Group justify="flex-end" mt="md">
          <Button type="submit">{t("contacts.rename")}</Button>
        </Group>
      </form>
    </Dialog>
  );
}

function Merge({ people, clear }: { people: Contact[]; clear: () => void }) {
  const t = useT();
  const news = useNews();
  const client = useQueryClient();
  const into = people.find((one) => one.pseudonym === "me") ?? people[0];
  if (!into || people.length < 2) return null;
  const others = people.filter((one) => one !== into);
  return (
    <Group mb="sm">
      <ConfirmButton
        variant="light"
        color="moss"
        size="xs"
        leftSection={<IconArrowMerge size={16} />}
        ask={t("contacts.merge.ask")}
        about={t("contacts.merge.about", {
          into: into.name,
          others: others.map((one) => one.name).join(", "),
        })}
        onConfirm={async () => {
          await ok(
            api.POST("/api/contacts/merge", {
              body: { into: into.pseudonym, others: others.map((one) => one.pseudonym) },
            }),
          );
          clear();
          news.done(t("contacts.merged", { name: into.name }));
          await client.invalidateQueries();
        }}
      >
        {t("contacts.merge", { n: people.length })}
      </ConfirmButton>
      <Button variant="subtle" size="xs" onClick={clear}>
        {t("action.cancel")}
      </Button>
    </Group>
  );
}
