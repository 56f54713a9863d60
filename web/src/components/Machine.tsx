/** The label on words that a machine wrote. It is never left out. */
import { IconSparkles } from "@tabler/icons-react";
import { useT } from "../i18n";
import classes from "./Machine.module.css";

export function MachineLabel({ label }: { label?: string }) {
  const t = useT();
  return (
    <span className={classes.label} title={label}>
      <IconSparkles size={13} aria-hidden />
      {t("machine.label")}
    </span>
  );
}
