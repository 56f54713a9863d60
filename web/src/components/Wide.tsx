import type { CSSProperties, ReactNode } from "react";
import { useT } from "../i18n";

/** Holds a table that may be wider than the page: it scrolls by itself, by keyboard too, and the page does not. */
export function Wide(props: { minWidth: number; className?: string; children: ReactNode }) {
  const t = useT();
  const least = props.className ? { "--least": `${props.minWidth}px` } : { minWidth: props.minWidth };
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={t("table.scroll")}>
      <div className={props.className} style={least as CSSProperties}>
        {props.children}
      </div>
    </div>
  );
}
