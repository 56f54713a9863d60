/** What is said of a table before it is kept: what to call it, whatever else its kind asks, and leave to keep it. */
import { Button, Group, TextInput } from "@mantine/core";
import type { FormEvent, ReactNode } from "react";
import { Going } from "../../components/Drop";
import { Failure } from "../../components/states";
import { useFormat, useT } from "../../i18n";
import classes from "../sources/Sources.module.css";

const NAME = /^[a-z][a-z0-9_-]{0,63}$/;

/** As `ipse learn` calls a file: by its own name, plainly. */
export function nameOf(file: File): string {
  const [stem = ""] = file.name.toLowerCase().split(".");
  const plain = stem.replace(/[^a-z0-9_-]+/g, "-").replace(/^[-_]+|[-_]+$/g, "");
  return plain.slice(0, 64).replace(/^[0-9_-]+/, "") || "table";
}

export function NameInput({ name, choose }: { name: string; choose: (name: string) => void }) {
  const t = useT();
  return (
    <TextInput
      label={t("eventfile.name")}
      description={t("eventfile.name.about")}
      value={name}
      onChange={(event) => choose(event.currentTarget.value)}
      error={NAME.test(name) ? undefined : t("eventfile.name.bad")}
      required
    />
  );
}

export function FileForm(props: {
  file: File;
  name: string;
  ready?: boolean;
  sending: { isPending: boolean; error: unknown };
  share: number | null;
  submit: () => void;
  again: () => void;
  icon: ReactNode;
  does: string;
  children: ReactNode;
}) {
  const { file, sending, ready = true } = props;
  const t = useT();
  const format = useFormat();
  const able = ready && NAME.test(props.name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (able) props.submit();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <p className={classes.lead}>
        <bdi>{file.name}</bdi> · {format.bytes(file.size)}
      </p>
      {props.children}
      <p className="dim">{t("eventfile.terms")}</p>
      {!!sending.error && <Failure error={sending.error} />}
      <Going share={props.share} after={t("eventfile.reading")} />
      <Group>
        <Button type="submit" loading={sending.isPending} leftSection={props.icon} disabled={!able}>
          {props.does}
        </Button>
        <Button variant="default" onClick={props.again} disabled={sending.isPending}>
          {t("action.cancel")}
        </Button>
      </Group>
    </form>
  );
}
