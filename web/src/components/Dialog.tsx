/** A window over the page, whose way out has a name in the owner's language. */
import { Modal, type ModalProps } from "@mantine/core";
import { useT } from "../i18n";

export function Dialog(
  props: Omit<ModalProps, "onClose" | "opened"> & { opened?: boolean; close: () => void },
) {
  const { close, opened = true, ...more } = props;
  const t = useT();
  return (
    <Modal opened={opened} onClose={close} closeButtonProps={{ "aria-label": t("action.close") }} {...more} />
  );
}
