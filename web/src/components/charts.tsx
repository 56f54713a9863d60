/** Charts in the theme's colours, each with its figures as a table for who does not see it. */
import { BarChart, LineChart } from "@mantine/charts";
import "@mantine/charts/styles.css";
import type { ReactNode } from "react";
import { useFormat, useIsolate } from "../i18n";
import classes from "./charts.module.css";

export type Point = Record<string, number | string | null>;
export type Series = { name: string; label: string; color: string };
/** A place on the horizontal axis that something is to be seen at. */
export type Mark = { x: string; color: string };

function Numbers({
  caption,
  x,
  rows,
  series,
}: {
  caption: string;
  x: string;
  rows: Point[];
  series: Series[];
}) {
  return (
    <table className="sr">
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th>{x}</th>
          {series.map((one) => (
            <th key={one.name}>{one.label}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.slice(0, 200).map((row, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an hour is there twice when clocks go back
          <tr key={i}>
            <td>{row[x]}</td>
            {series.map((one) => (
              <td key={one.name}>{row[one.name] ?? ""}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type ChartProps = {
  caption: string;
  x: string;
  rows: Point[];
  series: Series[];
  height?: number;
  format?: (value: number) => string;
  stacked?: boolean;
  marks?: Mark[];
  /** Its caption is to be seen: nothing about it says the same. */
  titled?: boolean;
};

function Frame({ children, ...props }: ChartProps & { children: ReactNode }) {
  return (
    <figure className={classes.figure}>
      <figcaption className={props.titled ? classes.caption : "sr"}>{props.caption}</figcaption>
      <div aria-hidden dir="ltr">
        {children}
      </div>
      <Numbers caption={props.caption} x={props.x} rows={props.rows} series={props.series} />
    </figure>
  );
}

/** Its rows, with what stands on the horizontal axis kept in its own direction. */
function useRows({ rows, x }: ChartProps): Point[] {
  const isolate = useIsolate();
  return rows.map((row) => ({ ...row, [x]: isolate(String(row[x] ?? "")) }));
}

export function Bars(props: ChartProps) {
  const format = useFormat();
  const rows = useRows(props);
  return (
    <Frame {...props}>
      <BarChart
        h={props.height ?? 220}
        data={rows}
        dataKey={props.x}
        series={props.series}
        type={props.stacked ? "stacked" : "default"}
        withLegend={props.series.length > 1}
        gridAxis="x"
        tickLine="none"
        valueFormatter={props.format ?? ((value) => format.number(value, 2))}
        barProps={{ radius: 4, isAnimationActive: false, maxBarSize: 34 }}
        barChartProps={{ accessibilityLayer: false }} // the table beside it is for the keyboard
        tooltipAnimationDuration={0}
      />
    </Frame>
  );
}

export function Lines(props: ChartProps) {
  const format = useFormat();
  const isolate = useIsolate();
  const rows = useRows(props);
  return (
    <Frame {...props}>
      <LineChart
        h={props.height ?? 260}
        data={rows}
        dataKey={props.x}
        series={props.series}
        withLegend={props.series.length > 1}
        withDots={props.rows.length < 40}
        connectNulls
        gridAxis="xy"
        tickLine="none"
        strokeWidth={2}
        curveType="monotone"
        yAxisProps={{ domain: ["auto", "auto"] }}
        referenceLines={props.marks?.map((one) => ({ x: isolate(one.x), color: one.color, strokeWidth: 2 }))}
        valueFormatter={props.format ?? ((value) => format.number(value, 3))}
        lineProps={{ isAnimationActive: false }}
        lineChartProps={{ accessibilityLayer: false }}
        tooltipAnimationDuration={0}
      />
    </Frame>
  );
}
