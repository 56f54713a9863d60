/** Asks before what cannot be undone; what can be undone is done at once, with a way back. */
import { Button, type ButtonProps, Group, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { type ReactNode, useState } from "react";
import { useT } from "../i18n";
import { Dialog } from "./Dialog";
import { useSaid } from "./states";

export function ConfirmButton(
  props: ButtonProps & {
    ask: string;
    about: ReactNode;
    /** What must be typed first, where much is at stake. */
    type?: string;
    onConfirm: () => Promise<unknown>;
    children: ReactNode;
    "aria-label"?: string;
  },
) {
  const { ask, about, type, onConfirm, children, ...button } = props;
  const t = useT();
  const said = useSaid();
  const [open, { open: show, close }] = useDisclosure();
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const go = async () => {
    setBusy(true);
    setFailed("");
    try {
      await onConfirm();
      close();
    } catch (error) {
      const { title, text } = said(error);
      setFailed(`${title} ${text}`.trim());
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button {...button} onClick={show}>
        {children}
      </Button>
      <Dialog opened={open} close={close} title={ask}>
        <div>{about}</div>
        {type && (
          <TextInput
            mt="md"
            label={t("confirm.type", { word: type })}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
          />
        )}
        <p role="alert" className="failed">
          {failed}
        </p>
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close} data-autofocus>
            {t("action.cancel")}
          </Button>
          <Button
            color={button.color ?? "red"}
            loading={busy}
            disabled={!!type && typed !== type}
            onClick={go}
          >
            {children}
          </Button>
        </Group>
      </Dialog>
    </>
  );
}

/** Short news at the foot of the page, with a way back where there is one. */
export function useNews() {
  const t = useT();
  const said = useSaid();
  const done = (message: string, undo?: () => unknown) => {
    const id = `news-${Date.now()}`;
    notifications.show({
      id,
      color: "moss",
      autoClose: undo ? 10_000 : 5_000,
      closeButtonProps: { "aria-label": t("action.close") },
      message: (
        <span className="row">
          <span>{message}</span>
          {undo && (
            <Button
              size="compact-sm"
              variant="light"
              onClick={() => {
                notifications.hide(id);
                undo();
              }}
            >
              {t("action.undo")}
            </Button>
          )}
        </span>
      ),
    });
  };
  const failed = (error: unknown) => {
    const { title, text } = said(error);
    notifications.show({
      color: "red",
      title,
      message: text,
      autoClose: 12_000,
      closeButtonProps: { "aria-label": t("action.close") },
    });
  };
  return { done, failed };
}
