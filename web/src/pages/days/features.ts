/** Features that ipse designs by itself, in words; one that its owner named keeps that name. */
import { useCallback } from "react";
import { useT } from "../../i18n";

export function useFeatureName() {
  const t = useT();
  return useCallback(
    (name: string): string => {
      const [, kind = "", count = ""] = /^(last|mean|std|day_before|week_before)_(\d+)$/.exec(name) ?? [];
      const n = Number(count);
      if (kind === "last") return t("feature.last", { n });
      if (kind === "mean") return t("feature.mean", { n });
      if (kind === "std") return t("feature.std", { n });
      if (kind === "day_before") return t("feature.day", { n });
      if (kind === "week_before") return t("feature.week", { n });
      if (/^hour(_sin|_cos|_local)?$/.test(name)) return t("feature.hour");
      if (/^weekday(_sin|_cos)?$/.test(name)) return t("feature.weekday");
      if (/^month(_sin|_cos)?$/.test(name)) return t("feature.month");
      if (name === "weekend") return t("feature.weekend");
      return name.replace(/^now_/, "");
    },
    [t],
  );
}

/** Whether the value of a feature says anything by itself: a place on the circle of a day does not. */
export const tells = (name: string): boolean => !/_(sin|cos)$/.test(name);
