import { useFormat, useT, useWord } from "../../i18n";

/** How much of each kind, as a sentence. */
export function Counts({ counts }: { counts: Record<string, number> }) {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  const told = Object.entries(counts)
    .filter(([, n]) => n > 0)
    .map(([kind, n]) => `${format.number(n)} ${word("count", kind)}`);
  return <p>{told.length ? format.list(told) : t("retention.nothing")}</p>;
}
