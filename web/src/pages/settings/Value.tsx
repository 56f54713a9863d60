/** One setting: its value, where that comes from, and what it can be changed to. */
import { Badge, Button, NumberInput, Select, Switch, TagsInput, TextInput } from "@mantine/core";
import { IconArrowBackUp, IconPencil } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { useNews } from "../../components/Confirm";
import { useAct } from "../../hooks/act";
import { useMay } from "../../hooks/session";
import { useT, useWord } from "../../i18n";
import classes from "./Value.module.css";

export type Setting = Schemas["SettingView"];

export const nameOf = (one: Setting) => (one.key ? `${one.section}.${one.key}` : one.section);

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length ? value.map(String).join(", ") : "–";
  if (value === "" || value == null) return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function Value({ one }: { one: Setting }) {
  const t = useT();
  const word = useWord();
  const news = useNews();
  const act = useAct();
  const may = useMay("admin");
  const [editing, setEditing] = useState(false);
  const name = nameOf(one);
  const send = (changes: Record<string, unknown>, reset: string[] = []) =>
    ok(api.PATCH("/api/settings", { body: { changes, reset } }));
  const undo = () =>
    act.mutate(() => (one.origin === "vault" ? send({ [name]: one.value }) : send({}, [name])));
  const change = (work: () => Promise<unknown>) =>
    act.mutate(async () => {
      await work();
      setEditing(false);
      news.done(t("settings.changed", { name }), undo);
    });
  const editable = may && !one.fixed && one.shape !== "other";
  const label = t("settings.change", { name });
  return (
    <li className={classes.setting}>
      <div>
        <span className="mono">{name}</span>
        <p className={classes.about} lang="en" dir="ltr">
          {one.about}
        </p>
      </div>
      <div className={classes.value}>
        {editing ? (
          <Editor
            one={one}
            label={label}
            busy={act.isPending}
            cancel={() => setEditing(false)}
            choose={(value) => change(() => send({ [name]: value }))}
          />
        ) : editable && one.shape === "switch" ? (
          <Switch
            aria-label={label}
            checked={one.value === true}
            disabled={act.isPending}
            onChange={(event) => {
              const on = event.currentTarget.checked;
              change(() => send({ [name]: on }));
            }}
          />
        ) : (
          <span className="mono">{shown(one.value)}</span>
        )}
        <Origin one={one} />
        {editable && !editing && one.shape !== "switch" && (
          <Button
            size="compact-sm"
            variant="subtle"
            leftSection={<IconPencil size={15} />}
            aria-label={label}
            onClick={() => setEditing(true)}
          >
            {t("settings.do")}
          </Button>
        )}
        {editable && !editing && one.origin === "vault" && (
          <Button
            size="compact-sm"
            variant="subtle"
            color="gray"
            c="inherit"
            leftSection={<IconArrowBackUp size={15} />}
            aria-label={t("settings.reset.of", { name })}
            onClick={() => change(() => send({}, [name]))}
          >
            {t("settings.reset")}
          </Button>
        )}
        {one.fixed && one.fixed !== "above" && <span className="dim">{word("fixed", one.fixed)}</span>}
      </div>
    </li>
  );
}

/** Where a value comes from; of a file its name, the whole path where one rests on it. */
function Origin({ one }: { one: Setting }) {
  const word = useWord();
  const known = word("origin", one.origin);
  return (
    <Badge color={one.origin === "built-in" ? "gray" : "moss"} title={one.origin}>
      {known.split(/[\\/]/).at(-1)}
    </Badge>
  );
}

function Editor(props: {
  one: Setting;
  label: string;
  busy: boolean;
  cancel: () => void;
  choose: (value: unknown) => void;
}) {
  const t = useT();
  const { one, label, choose } = props;
  const [value, setValue] = useState<unknown>(one.value);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    choose(value);
  };
  const common = { "aria-label": label, "data-autofocus": true, className: classes.input } as const;
  return (
    <form className={classes.editor} onSubmit={submit}>
      {one.shape === "choice" && (
        <Select
          {...common}
          data={one.choices.map(String)}
          value={String(value)}
          onChange={(chosen) => setValue(one.choices.find((held) => String(held) === chosen))}
          allowDeselect={false}
        />
      )}
      {(one.shape === "integer" || one.shape === "number") && (
        <NumberInput
          {...common}
          value={value as number}
          onChange={setValue}
          min={one.least ?? undefined}
          max={one.most ?? undefined}
          allowDecimal={one.shape === "number"}
          required
        />
      )}
      {one.shape === "text" && (
        <TextInput
          {...common}
          value={String(value)}
          onChange={(event) => setValue(event.currentTarget.value)}
          dir="auto"
        />
      )}
      {one.shape === "list" && (
        <TagsInput
          {...common}
          data={one.choices.map(String)}
          value={value as string[]}
          onChange={setValue}
          acceptValueOnBlur
        />
      )}
      <Button type="submit" size="compact-sm" loading={props.busy}>
        {t("action.save")}
      </Button>
      <Button size="compact-sm" variant="default" onClick={props.cancel}>
        {t("action.cancel")}
      </Button>
    </form>
  );
}
