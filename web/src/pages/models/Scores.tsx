/** A scorecard, or several side by side: what was measured, beside somebody else's clone and the owner's own text. */
import { Alert, Badge, Table, Tooltip } from "@mantine/core";
import { IconCheck, IconMinus, IconX } from "@tabler/icons-react";
import type { paths } from "../../client/schema";
import { Range } from "../../components/drawn";
import { Figure, Panel } from "../../components/Page";
import { Wide } from "../../components/Wide";
import { useFormat, useT, useWord } from "../../i18n";

export type Card = paths["/api/scorecards/{model}"]["get"]["responses"][200]["content"]["application/json"];
type Row = Card["rows"][number];

const TONE: Record<string, string> = {
  better: "moss",
  worse: "red",
  "cannot tell": "gray",
  "not measured": "gray",
  measured: "gray",
};

export function useAmount() {
  const format = useFormat();
  return (value: number | null | undefined, unit: string) => {
    if (value == null) return "–";
    if (unit === "share") return format.percent(value, 1);
    if (unit === "seconds") return `${format.number(value, 2)} s`;
    if (unit === "megabytes") return `${format.number(value)} MB`;
    return format.number(value, 3);
  };
}

function Met({ met }: { met: boolean | null | undefined }) {
  const t = useT();
  const label = t(met === true ? "score.met" : met === false ? "score.unmet" : "score.open");
  const Icon = met === true ? IconCheck : met === false ? IconX : IconMinus;
  return (
    <Tooltip label={label}>
      <span role="img" aria-label={label}>
        <Icon
          size={17}
          color={`var(--mantine-color-${met === true ? "moss-6" : met === false ? "red-6" : "gray-5"})`}
        />
      </span>
    </Tooltip>
  );
}

function Line({ row, cards }: { row: Row; cards: Card[] }) {
  const word = useWord();
  const amount = useAmount();
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={500} maw="17rem">
        <Tooltip label={row.definition} multiline w={300} events={{ hover: true, focus: true, touch: true }}>
          <span tabIndex={0}>
            {row.id} · {word("metric", row.name)}
          </span>
        </Tooltip>
      </Table.Th>
      {cards.map((card) => {
        const own = card.rows.find((one) => one.id === row.id);
        if (!own) return <Table.Td key={card.model}>–</Table.Td>;
        return (
          <Table.Td key={card.model}>
            <span className="row">
              <Met met={own.met} />
              <span>{amount(own.value, own.unit)}</span>
              <Badge size="sm" color={TONE[own.verdict]}>
                {word("verdict", own.verdict)}
              </Badge>
            </span>
            {own.unit === "share" && own.value != null && (
              <Range value={own.value} low={own.low} high={own.high} target={own.ceiling?.value} />
            )}
          </Table.Td>
        );
      })}
      {cards.length === 1 && (
        <>
          <Table.Td>{amount(row.baselines?.["wrong author"]?.value, row.unit)}</Table.Td>
          <Table.Td>{amount(row.ceiling?.value, row.unit)}</Table.Td>
        </>
      )}
    </Table.Tr>
  );
}

export function Scores({ cards }: { cards: Card[] }) {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  const first = cards[0];
  if (!first) return null;
  const rows = cards
    .flatMap((card) => card.rows)
    .filter((row, i, all) => all.findIndex((one) => one.id === row.id) === i);
  return (
    <div className="stack">
      {cards.map((card) =>
        card.self_checks.some((check) => check.passed === false) ? (
          <Alert key={card.model} color="red" title={t("score.void", { model: card.model })}>
            {t("score.void.text")}
          </Alert>
        ) : null,
      )}
      {cards.length === 1 && (first.products?.length ?? 0) > 0 && (
        <div className="figures">
          {(first.products ?? []).map((one) => (
            <Figure
              key={one.name}
              value={one.figure ? format.percent(one.figure.value) : "–"}
              label={word("product", one.name)}
              note={t("score.target", { target: format.percent(one.target) })}
            />
          ))}
        </div>
      )}
      <Wide minWidth={540}>
        <Table verticalSpacing={8}>
          <Table.Caption>{t("score.caption")}</Table.Caption>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t("score.metric")}</Table.Th>
              {cards.map((card) => (
                <Table.Th scope="col" key={card.model}>
                  {card.model}
                </Table.Th>
              ))}
              {cards.length === 1 && (
                <>
                  <Table.Th scope="col">{t("score.wrong")}</Table.Th>
                  <Table.Th scope="col">{t("score.ceiling")}</Table.Th>
                </>
              )}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Line key={row.id} row={row} cards={cards} />
            ))}
          </Table.Tbody>
        </Table>
      </Wide>
      {cards.map((card) => (
        <Panel
          key={card.model}
          title={t("score.gates", { model: card.model })}
          about={card.reasons.join(" ")}
        >
          <ul className="plain">
            {card.gates.map((gate) => (
              <li key={gate.id} className="row">
                <Met met={gate.passed} />
                <span>{word("gate", gate.name)}</span>
                <span className="dim">{t("score.found", { found: gate.found, answers: gate.answers })}</span>
              </li>
            ))}
          </ul>
        </Panel>
      ))}
    </div>
  );
}
