/** Small drawings of our own, where a chart library would be too much. */
import { useFormat, useT } from "../i18n";
import classes from "./charts.module.css";

/** Weekdays by hours: how dark a field is says how much was written then. */
export function Week({ hours }: { hours: number[][] }) {
  const t = useT();
  const format = useFormat();
  const most = Math.max(1, ...hours.flat());
  const days = hours.map((_, day) => {
    const at = new Date(Date.UTC(2024, 0, 1 + day, 12)); // a Monday, and the days after it
    return new Intl.DateTimeFormat(document.documentElement.lang, {
      weekday: "short",
      timeZone: "UTC",
    }).format(at);
  });
  return (
    <div className={classes.week} role="img" aria-label={t("you.week.label")}>
      <div className={classes.hours} aria-hidden>
        <span />
        {[0, 6, 12, 18].map((hour) => (
          <span key={hour} className={classes.hour}>
            {String(hour).padStart(2, "0")}
          </span>
        ))}
      </div>
      {hours.map((row, day) => (
        <div key={days[day]} className={classes.day} aria-hidden>
          <span className={classes.name}>{days[day]}</span>
          {row.map((count, hour) => (
            <span
              // biome-ignore lint/suspicious/noArrayIndexKey: an hour is its place
              key={hour}
              className={classes.cell}
              title={`${days[day]} ${String(hour).padStart(2, "0")}:00 · ${format.number(count)}`}
              style={{ opacity: count === 0 ? 0.07 : 0.18 + 0.82 * Math.sqrt(count / most) }}
            />
          ))}
        </div>
      ))}
    </div>
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
