/** Where files are handed over, by dropping or choosing, and how far that is. */
import { Progress } from "@mantine/core";
import type { TablerIcon } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useFormat, useT } from "../i18n";
import classes from "./Drop.module.css";

export function Drop(props: {
  icon: TablerIcon;
  title: string;
  about: string;
  take: (data: DataTransfer) => void;
  children: ReactNode;
}) {
  const Icon = props.icon;
  const [over, setOver] = useState(false);
  return (
    <div
      className={classes.drop}
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        props.take(event.dataTransfer);
      }}
    >
      <Icon size={34} stroke={1.4} aria-hidden />
      <strong>{props.title}</strong>
      <p>{props.about}</p>
      {props.children}
    </div>
  );
}

/** How much of the files has gone; `after` says what is done with them once all has. */
export function Going({ share, after }: { share: number | null; after: string }) {
  const t = useT();
  const format = useFormat();
  if (share === null) return null;
  return (
    <div role="status" className={classes.going}>
      <Progress value={100 * share} animated={share >= 1} aria-label={t("import.sending")} />
      <p className="dim">{share < 1 ? format.percent(share) : after}</p>
    </div>
  );
}
