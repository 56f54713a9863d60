/** Weekdays by hours: how much focus each held, and which are better than chance explains. */
import { clock, WeekGrid, weekdays } from "../../components/drawn";
import { Panel } from "../../components/Page";
import { useFormat, useT } from "../../i18n";
import classes from "./Days.module.css";
import type { Told } from "./Productivity";

export function Hours({ told }: { told: Told }) {
  const t = useT();
  const format = useFormat();
  const short = weekdays("short");
  const long = weekdays("long");
  const held = new Map(told.best_hours.map((one) => [24 * one.weekday + one.hour, one]));
  const most = Math.max(1, ...told.best_hours.map((one) => one.focus));
  const best = told.best_hours.filter((one) => one.best).sort((a, b) => b.focus - a.focus);
  return (
    <Panel title={t("hours.title")} about={t("hours.about", { weeks: told.weeks })}>
      <div className="stack">
        <WeekGrid
          label={t("hours.title")}
          cell={(day, hour) => {
            const one = held.get(24 * day + hour);
            const told = one
              ? t("hours.cell", {
                  focus: format.seconds(one.focus),
                  low: format.seconds(one.low),
                  high: format.seconds(one.high),
                })
              : t("hours.unknown");
            return (
              <span
                key={hour}
                className={classes.cell}
                data-best={one?.best || undefined}
                data-open={one ? undefined : true}
                title={`${short[day]} ${clock(hour)} · ${told}`}
              >
                <span style={{ opacity: one ? 0.08 + 0.92 * (one.focus / most) : 0 }} />
              </span>
            );
          }}
        />
        <ul className={classes.legend} aria-hidden>
          <li>
            <span className={classes.cell} data-best>
              <span style={{ opacity: 0.9 }} />
            </span>
            {t("hours.best")}
          </li>
          <li>
            <span className={classes.cell}>
              <span style={{ opacity: 0.4 }} />
            </span>
            {t("hours.open")}
          </li>
          <li>
            <span className={classes.cell} data-open />
            {t("hours.unknown")}
          </li>
        </ul>
        {best.length ? (
          <p className={classes.lead}>
            {t("hours.told", {
              hours: format.list(best.slice(0, 5).map((one) => `${long[one.weekday]} ${clock(one.hour)}`)),
            })}
          </p>
        ) : (
          <p className={classes.lead}>{t("hours.none")}</p>
        )}
      </div>
    </Panel>
  );
}
