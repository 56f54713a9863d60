/** From consent to model, drawn: what each was made from, and what falls when a consent is withdrawn. */
import type { Schemas } from "../../client";
import { useFormat, useT, useWord } from "../../i18n";
import { useSourceName } from "../sources/names";
import classes from "./Lineage.module.css";

type Model = Schemas["ModelView"];
type Consent = Schemas["ConsentView"];
type Graph = Schemas["Lineage"];

/** What was learned: of messages from a dataset, of events from features; by source the consent for it. */
type Made = {
  id: string;
  from: string;
  base: string | null;
  how: string;
  live: boolean;
  consents: Record<string, string>;
};

const WIDE = 190;
const HIGH = 46;
const GAP = 22;
const BETWEEN = 86;

type Box = {
  id: string;
  kind: "consent" | "dataset" | "base" | "model";
  title: string;
  sub: string;
  live: boolean;
};

type Called = {
  source: (name: string) => string;
  state: (state: string) => string;
};

/** Models of events, as the graph has them; each rests on the consents that hold now, or it would be gone. */
function ofEvents({ nodes, edges }: Graph, consents: Consent[]): Made[] {
  const above = (id: string, kind: string) =>
    edges.filter((one) => one.into === id && one.out.startsWith(`${kind}:`)).map((one) => one.out);
  return nodes
    .filter((node) => node.kind === "predictor")
    .map((node) => {
      const features = above(node.id, "features");
      const sources = features.flatMap((one) => above(one, "source")).map((one) => one.slice(7));
      const held = sources.flatMap((source) => {
        const consent = consents.find((one) => one.source === source && one.state === "active");
        return consent ? [[source, consent.id] as const] : [];
      });
      const [id = "", how = ""] = node.name.split(" ");
      const from = nodes.find((one) => one.id === features[0])?.name ?? "";
      return {
        id,
        from,
        base: null,
        how,
        live: node.state === "champion",
        consents: Object.fromEntries(held),
      };
    });
}

function place(models: Made[], consents: Consent[], called: Called) {
  const columns: Box[][] = [[], [], []];
  const edges: [string, string][] = [];
  const add = (column: number, box: Box) => {
    const held = columns[column] ?? [];
    if (!held.some((one) => one.id === box.id)) held.push(box);
  };
  for (const model of models) {
    const data = `d:${model.from}`;
    add(1, { id: data, kind: "dataset", title: model.from, sub: "", live: true });
    for (const [source, id] of Object.entries(model.consents)) {
      const state = consents.find((one) => one.id === id)?.state;
      add(0, {
        id: `c:${id}`,
        kind: "consent",
        title: called.source(source),
        sub: state ? called.state(state) : "",
        live: state !== "withdrawn",
      });
      edges.push([`c:${id}`, data]);
    }
    add(2, {
      id: `m:${model.id}`,
      kind: "model",
      title: model.id,
      sub: model.how,
      live: model.live,
    });
    edges.push([data, `m:${model.id}`]);
    if (model.base) {
      add(1, { id: `b:${model.base}`, kind: "base", title: model.base, sub: "", live: true });
      edges.push([`b:${model.base}`, `m:${model.id}`]);
    }
  }
  const at = new Map<string, { x: number; y: number; box: Box }>();
  columns.forEach((boxes, column) => {
    boxes.forEach((box, row) => {
      at.set(box.id, { x: column * (WIDE + BETWEEN), y: row * (HIGH + GAP), box });
    });
  });
  const unique = edges.filter(([a, b], i) => edges.findIndex(([c, d]) => a === c && b === d) === i);
  return { at, edges: unique, rows: Math.max(...columns.map((one) => one.length)) };
}

export function Lineage(props: { models: Model[]; consents: Consent[]; graph: Graph | undefined }) {
  const t = useT();
  const source = useSourceName();
  const word = useWord();
  const format = useFormat();
  const models: Made[] = [
    ...props.models.map(({ id, dataset, base, method, champion, consents }) => ({
      id,
      from: dataset,
      base,
      how: word("method", method),
      live: champion,
      consents,
    })),
    ...(props.graph ? ofEvents(props.graph, props.consents) : []),
  ];
  const { at, edges, rows } = place(models, props.consents, {
    source,
    state: (state) => word("lineage.state", state),
  });
  const width = 3 * WIDE + 2 * BETWEEN;
  const height = rows * (HIGH + GAP) + 34;
  const heads = [t("lineage.consent"), t("lineage.dataset"), t("lineage.model")];
  const told = models.map((model) =>
    t("lineage.told", {
      model: model.id,
      dataset: model.from,
      sources: format.list(Object.keys(model.consents).map(source)),
    }),
  );
  return (
    <>
      <ul className={`plain ruled ${classes.told}`}>
        {told.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <svg
        viewBox={`-1 -1 ${width + 2} ${height}`}
        className={classes.drawing}
        role="img"
        aria-label={told.join(" ")}
        direction="ltr"
      >
        {heads.map((head, column) => (
          <text key={head} x={column * (WIDE + BETWEEN) + 4} y={14} className={classes.head}>
            {head}
          </text>
        ))}
        <g transform="translate(0 28)">
          {edges.map(([from, to]) => {
            const a = at.get(from);
            const b = at.get(to);
            if (!a || !b) return null;
            const [x1, y1, x2, y2] = [a.x + WIDE, a.y + HIGH / 2, b.x, b.y + HIGH / 2];
            const bend = (x2 - x1) / 2;
            return (
              <path
                key={`${from}-${to}`}
                d={`M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`}
                className={classes.edge}
                data-live={a.box.live || undefined}
              />
            );
          })}
          {[...at.values()].map(({ x, y, box }) => (
            <g key={box.id} transform={`translate(${x} ${y})`}>
              <rect
                width={WIDE}
                height={HIGH}
                rx={11}
                className={classes.box}
                data-kind={box.kind}
                data-live={box.live}
              />
              <text x={14} y={box.sub ? 20 : 28} className={classes.title}>
                {box.title.length > 22 ? `${box.title.slice(0, 21)}…` : box.title}
              </text>
              {box.sub && (
                <text x={14} y={36} className={classes.sub}>
                  {box.sub}
                </text>
              )}
            </g>
          ))}
        </g>
      </svg>
    </>
  );
}
