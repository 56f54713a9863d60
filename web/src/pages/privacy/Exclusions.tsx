/** Whose messages, which conversations and what with which words is never taken in. */
import { Button, Group, TagsInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { api, ok, type Schemas } from "../../client";
import { useNews } from "../../components/Confirm";
import { Panel } from "../../components/Page";
import { Loaded } from "../../components/states";
import { useAct } from "../../hooks/act";
import { useContacts } from "../../hooks/data";
import { useMay } from "../../hooks/session";
import { useT } from "../../i18n";

type Lists = Schemas["Exclusions"];

const LISTS = ["people", "conversations", "words"] as const;
const KEY = "exclusions";

export function Exclusions() {
  const t = useT();
  const lists = useQuery({ queryKey: [KEY], queryFn: () => ok(api.GET("/api/privacy/exclusions")) });
  return (
    <Panel title={t("exclusions.title")} about={t("exclusions.about")}>
      <Loaded query={lists} lines={6}>
        {(held) => <Edit key={JSON.stringify(held)} held={held} fixed={held.fixed} />}
      </Loaded>
    </Panel>
  );
}

function Edit({ held, fixed }: { held: Lists; fixed: Record<string, string> }) {
  const t = useT();
  const news = useNews();
  const act = useAct();
  const may = useMay("import");
  const people = useContacts();
  const [lists, setLists] = useState<Lists>(held);
  const keep = ({ people, conversations, words }: Lists) =>
    ok(api.PUT("/api/privacy/exclusions", { body: { people, conversations, words } }));
  const save = () =>
    act.mutate(async () => {
      await keep(lists);
      news.done(t("exclusions.saved"), () => act.mutate(() => keep(held)));
    });
  const changed = LISTS.some((one) => lists[one].join("\n") !== held[one].join("\n"));
  const known = (people.data?.items ?? []).filter((one) => one.pseudonym !== "me").map((one) => one.name);
  return (
    <div className="stack">
      {LISTS.map((one) => (
        <TagsInput
          key={one}
          label={t(`exclusions.${one}`)}
          description={
            fixed[one] ? t("settings.above", { origin: fixed[one] }) : t(`exclusions.${one}.about`)
          }
          data={one === "people" ? [...new Set(known)] : []}
          value={lists[one]}
          onChange={(value) => setLists({ ...lists, [one]: value })}
          readOnly={!may || !!fixed[one]}
          placeholder={lists[one].length ? "" : t("exclusions.none")}
          dir="auto"
          acceptValueOnBlur
          clearable
        />
      ))}
      <Group>
        {may && (
          <Button onClick={save} loading={act.isPending} disabled={!changed}>
            {t("action.save")}
          </Button>
        )}
        <Button component={Link} to="/sources" variant="subtle">
          {t("exclusions.contacts")}
        </Button>
      </Group>
    </div>
  );
}
