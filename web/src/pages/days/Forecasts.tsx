/** What will be used up and when: what was left by day, and the ways that it may go on. */
import { Badge } from "@mantine/core";
import type { Schemas } from "../../client";
import { Lines, type Point } from "../../components/charts";
import { Panel } from "../../components/Page";
import { useFormat, useT } from "../../i18n";
import classes from "./Days.module.css";

type Forecast = Schemas["ForecastView"];

const MIB = 1024 * 1024;
const GIB = 1024;
const DAY = 86_400_000;
const FIT = 120;

export function Forecasts({ forecasts }: { forecasts: readonly Forecast[] }) {
  const t = useT();
  if (!forecasts.length) return null;
  return (
    <Panel title={t("forecasts.title")} about={t("forecasts.about")}>
      <div className="halves">
        {forecasts.map((one) => (
          <One key={one.what + one.path} one={one} />
        ))}
      </div>
    </Panel>
  );
}

function One({ one }: { one: Forecast }) {
  const t = useT();
  const format = useFormat();
  const ends = one.full_at;
  return (
    <section className={classes.forecast}>
      <span className="row">
        <h3 className={classes.small}>
          {t(`forecasts.${one.what}`)} {one.path && <bdi className="mono">{one.path}</bdi>}
        </h3>
        <Badge color={ends ? "clay" : "moss"}>
          {t("forecasts.left", { left: format.bytes(one.left * MIB) })}
        </Badge>
      </span>
      <p className={classes.lead}>
        {ends
          ? t(ends.high ? "forecasts.full" : "forecasts.full.open", {
              median: format.day(ends.median),
              low: format.day(ends.low),
              high: ends.high ? format.day(ends.high) : "",
              chance: format.percent(one.chance),
            })
          : t("forecasts.never")}
      </p>
      <Lines
        caption={t("forecasts.course")}
        x="at"
        height={200}
        rows={rows(one, format.day)}
        series={[
          { name: "left", label: t("forecasts.was"), color: "moss.6" },
          ...(ends
            ? [
                { name: "low", label: t("forecasts.low"), color: "clay.8" },
                { name: "median", label: t("forecasts.median"), color: "clay.5" },
                ...(ends.high ? [{ name: "high", label: t("forecasts.high"), color: "clay.3" }] : []),
              ]
            : []),
        ]}
        format={(value) => `${format.number(value, 1)} GiB`}
      />
      {one.why && (
        <p className="dim" lang="en" dir="ltr">
          {one.why}
        </p>
      )}
    </section>
  );
}

/** A row a day, or a few days: what was left, then each way down to nothing, in GiB. */
function rows(one: Forecast, day: (at: Date) => string): Point[] {
  const last = one.points.at(-1);
  if (!last) return [];
  const now = Date.parse(last.at);
  const ends = one.full_at;
  const furthest = ends ? Date.parse(ends.high ?? ends.median) : now;
  const first = Date.parse(one.points[0]?.at ?? last.at);
  const step = Math.max(1, Math.ceil((furthest - first) / DAY / FIT));
  const way = (end: string | null | undefined, at: number) => {
    if (!end || at > Date.parse(end) + step * DAY) return null;
    const share = (at - now) / Math.max(DAY, Date.parse(end) - now);
    return (Math.max(0, 1 - share) * last.left) / GIB;
  };
  const was = one.points
    .filter((_, i) => (one.points.length - 1 - i) % step === 0)
    .map((each): Point => ({ at: day(new Date(each.at)), left: each.left / GIB }));
  const will: Point[] = [];
  for (let at = now + step * DAY; ends && at <= furthest + step * DAY; at += step * DAY)
    will.push({
      at: day(new Date(at)),
      left: null,
      low: way(ends.low, at),
      median: way(ends.median, at),
      high: way(ends.high, at),
    });
  const joint = was.at(-1);
  if (joint && ends)
    Object.assign(joint, { low: joint.left, median: joint.left, high: ends.high ? joint.left : null });
  return [...was, ...will];
}
