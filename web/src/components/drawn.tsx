/** Small drawings of our own, where a chart library would be too much. */
import type { ReactNode } from "react";
import { useFormat, useT } from "../i18n";
import classes from "./charts.module.css";

/** The names of the days, a Monday's first, in the language of the page. */
export function weekdays(style: "short" | "long"): string[] {
  const named = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: style, timeZone: "UTC" });
  return Array.from({ length: 7 }, (_, day) => named.format(new Date(Date.UTC(2024, 0, 1 + day, 12))));
}

export const clock = (hour: number): string => `${String(hour).padStart(2, "0")}:00`;

/** Weekdays by hours; `cell` draws one of them. It scrolls by itself where the page is narrow. */
export function WeekGrid(props: { label: string; cell: (day: number, hour: number) => ReactNode }) {
  const names = weekdays("short");
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={props.label}>
      <div className={classes.week} role="img" aria-label={props.label}>
        <div className={classes.hours} aria-hidden>
          <span />
          {[0, 6, 12, 18].map((hour) => (
            <span key={hour}>{clock(hour)}</span>
          ))}
        </div>
        {names.map((name, day) => (
          <div key={name} className={classes.day} aria-hidden>
            <span>{name}</span>
            {Array.from({ length: 24 }, (_, hour) => props.cell(day, hour))}
          </div>
        ))}
      </div>
    </div>
  );
}

/** How dark an hour is says how much was written then. */
export function Week({ hours }: { hours: number[][] }) {
  const t = useT();
  const format = useFormat();
  const names = weekdays("short");
  const most = Math.max(1, ...hours.flat());
  return (
    <WeekGrid
      label={t("you.week.label")}
      cell={(day, hour) => {
        const count = hours[day]?.[hour] ?? 0;
        return (
          <span
            key={hour}
            className={classes.cell}
            title={`${names[day]} ${clock(hour)} · ${format.number(count)}`}
            style={{ opacity: count === 0 ? 0.07 : 0.18 + 0.82 * Math.sqrt(count / most) }}
          />
        );
      }}
    />
  );
}

/** A share with its interval, beside where it should be. */
export function Range(props: {
  value: number;
  low?: number | null;
  high?: number | null;
  target?: number;
  max?: number;
}) {
  const max = props.max ?? 1;
  const at = (value: number) => `${Math.max(0, Math.min(100, (100 * value) / max))}%`;
  const low = props.low ?? props.value;
  const high = props.high ?? props.value;
  return (
    <span className={classes.range} aria-hidden>
      <span
        className={classes.interval}
        style={{ insetInlineStart: at(low), width: at(Math.max(high - low, 0)) }}
      />
      <span className={classes.point} style={{ insetInlineStart: at(props.value) }} />
      {props.target !== undefined && (
        <span className={classes.target} style={{ insetInlineStart: at(props.target) }} />
      )}
    </span>
  );
}
