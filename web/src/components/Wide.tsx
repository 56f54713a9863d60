import type { ReactNode } from "react";
import { useT } from "../i18n";

/** Holds a table that is wider than a phone: it scrolls by itself, by keyboard too, and the page does not. */
export function Wide({ minWidth, children }: { minWidth: number; children: ReactNode }) {
  const t = useT();
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={t("table.scroll")}>
      <div style={{ minWidth }}>{children}</div>
    </div>
  );
}
