/** Drafts that wait for a decision. Nothing leaves without one, and what leaves is exactly what was seen. */
import { ActionIcon, Badge, Button, Kbd, SegmentedControl, Tooltip } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconInbox, IconKeyboard, IconMailPlus } from "@tabler/icons-react";
import { useState } from "react";
import type { Schemas } from "../../client";
import { Dialog } from "../../components/Dialog";
import { Page } from "../../components/Page";
import { Empty, Loaded } from "../../components/states";
import { FOLDERS, type Folder, useDrafts, useFolded } from "../../hooks/session";
import { useFormat, useT, useWord } from "../../i18n";
import { Decide } from "./Decide";
import { NewDraft } from "./NewDraft";
import classes from "./Review.module.css";

type Draft = Schemas["DraftRow"];

const TONES: Partial<Record<Draft["state"], string>> = {
  approved: "moss",
  sent: "moss",
  rejected: "red",
  perhaps: "clay",
};

export function StateBadge({ state }: { state: Draft["state"] }) {
  const word = useWord();
  return <Badge color={TONES[state] ?? "gray"}>{word("draft.state", state)}</Badge>;
}

export default function Review() {
  const t = useT();
  const [folder, setFolder] = useState<Folder>("waiting");
  const format = useFormat();
  const folded = useFolded();
  const [making, making_] = useDisclosure();
  const [help, help_] = useDisclosure();
  const query = useDrafts(folder);
  return (
    <Page
      title={t("nav.review")}
      lead={t("review.lead")}
      actions={
        <>
          <Tooltip label={t("review.keys")}>
            <ActionIcon variant="default" size="lg" aria-label={t("review.keys")} onClick={help_.open}>
              <IconKeyboard size={18} />
            </ActionIcon>
          </Tooltip>
          <Button leftSection={<IconMailPlus size={17} />} onClick={making_.open}>
            {t("review.new")}
          </Button>
        </>
      }
    >
      <SegmentedControl
        className={classes.folders}
        value={folder}
        onChange={(value) => setFolder(value as Folder)}
        aria-label={t("review.folder")}
        data={(Object.keys(FOLDERS) as Folder[]).map((one) => ({
          value: one,
          label: (
            <span className={classes.folder}>
              <span>{t(`review.folder.${one}`)}</span>
              {["waiting", "approved"].includes(one) && folded(one) > 0 && (
                <Badge size="sm" circle>
                  {format.number(folded(one))}
                </Badge>
              )}
            </span>
          ),
        }))}
      />
      <Loaded query={query}>
        {({ items: drafts }) =>
          drafts.length ? (
            <Desk drafts={drafts} help={help_.open} />
          ) : (
            <Empty
              icon={IconInbox}
              title={t(`review.empty.${folder}`)}
              action={
                folder === "waiting" ? (
                  <Button variant="light" leftSection={<IconMailPlus size={17} />} onClick={making_.open}>
                    {t("review.new")}
                  </Button>
                ) : undefined
              }
            >
              {folder === "waiting" ? t("review.empty.text") : undefined}
            </Empty>
          )
        }
      </Loaded>
      <NewDraft opened={making} close={making_.close} />
      <Keys opened={help} close={help_.close} />
    </Page>
  );
}

/** The list beside the one that is looked at. */
function Desk({ drafts, help }: { drafts: Draft[]; help: () => void }) {
  const t = useT();
  const format = useFormat();
  const [chosen, setChosen] = useState<string | null>(null);
  const at = Math.max(
    0,
    drafts.findIndex((one) => one.id === chosen),
  );
  const draft = drafts[at];
  const step = (by: number) =>
    setChosen(drafts[Math.min(drafts.length - 1, Math.max(0, at + by))]?.id ?? null);
  useHotkeys([
    ["j", () => step(1)],
    ["k", () => step(-1)],
    ["shift+?", help],
  ]);
  if (!draft) return null;
  return (
    <div className={classes.desk}>
      <ul className={classes.list} aria-label={t("review.list")}>
        {drafts.map((one) => (
          <li key={one.id}>
            <button
              type="button"
              className={classes.entry}
              aria-current={one.id === draft.id || undefined}
              onClick={() => setChosen(one.id)}
            >
              <span className={classes.who}>
                <bdi>{one.contact || one.recipient || t("review.somebody")}</bdi>
                <span className={classes.when}>{format.day(one.at)}</span>
              </span>
              <bdi className={classes.begin}>{one.text}</bdi>
            </button>
          </li>
        ))}
      </ul>
      <Decide key={draft.id} id={draft.id} />
    </div>
  );
}

function Keys({ opened, close }: { opened: boolean; close: () => void }) {
  const t = useT();
  const keys: [string, string][] = [
    ["j", t("review.key.next")],
    ["k", t("review.key.previous")],
    ["e", t("review.key.edit")],
    ["a", t("review.key.approve")],
    ["x", t("review.key.reject")],
    ["s", t("review.key.send")],
    ["Ctrl ↵", t("review.key.save")],
    ["?", t("review.keys")],
  ];
  return (
    <Dialog opened={opened} close={close} title={t("review.keys")}>
      <dl className={classes.keys}>
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <Kbd>{key}</Kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
