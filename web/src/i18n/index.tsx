/** Every word of the app comes from a catalogue: `en.json` by default, `he.json` loaded when it is chosen. */
import { DirectionProvider, useDirection } from "@mantine/core";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { IntlProvider, useIntl } from "react-intl";
import en from "./en.json";
import { keepPreferences, type Preferences, preferences } from "./preferences";

export type MessageId = keyof typeof en;
type Catalogue = Record<MessageId, string>;
type Language = Preferences["language"];
export type Values = Record<string, string | number | boolean | Date | null | undefined>;

export const LANGUAGES: Record<
  Language,
  { name: string; dir: "ltr" | "rtl"; load: () => Promise<Catalogue> }
> = {
  en: { name: "English", dir: "ltr", load: async () => en },
  he: { name: "עברית", dir: "rtl", load: async () => (await import("./he.json")).default },
};

const Chosen = createContext<{ language: Language; choose: (language: Language) => void }>({
  language: "en",
  choose: () => undefined,
});

export const useLanguage = () => useContext(Chosen);

function Directed({ language, children }: { language: Language; children: ReactNode }) {
  const { setDirection } = useDirection();
  useEffect(() => {
    document.documentElement.lang = language;
    setDirection(LANGUAGES[language].dir);
  }, [language, setDirection]);
  return children;
}

/** English as the browser has it, for its dates and lists; else the language itself. */
function spoken(language: Language): string {
  return navigator.language.startsWith(`${language}-`) ? navigator.language : language;
}

export function Languages({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() => preferences().language);
  const [catalogue, setCatalogue] = useState<Catalogue | null>(language === "en" ? en : null);
  useEffect(() => {
    let current = true;
    void LANGUAGES[language].load().then((found) => current && setCatalogue(found));
    return () => {
      current = false;
    };
  }, [language]);
  const choose = useCallback((chosen: Language) => {
    keepPreferences({ language: chosen });
    setLanguage(chosen);
  }, []);
  const value = useMemo(() => ({ language, choose }), [language, choose]);
  if (!catalogue) return null;
  return (
    <Chosen value={value}>
      <IntlProvider locale={spoken(language)} messages={catalogue} defaultLocale="en">
        <DirectionProvider initialDirection={LANGUAGES[language].dir} detectDirection={false}>
          <Directed language={language}>{children}</Directed>
        </DirectionProvider>
      </IntlProvider>
    </Chosen>
  );
}

/** `t("home.from", { n: 3 })`: one message, by a key the compiler knows. */
export function useT() {
  const intl = useIntl();
  const isolate = useIsolate();
  return useCallback(
    (id: MessageId, values?: Values) => {
      const held = Object.entries(values ?? {}).map(([name, value]) => [
        name,
        typeof value === "string" ? isolate(value) : value,
      ]);
      return intl.formatMessage({ id }, Object.fromEntries(held)) as string;
    },
    [intl, isolate],
  );
}

/** Words of another direction stand apart from those about them, or brackets and figures change places. */
export function useIsolate() {
  const { language } = useLanguage();
  const turned = LANGUAGES[language].dir === "rtl";
  return useCallback((text: string) => (turned && text ? `\u2068${text}\u2069` : text), [turned]);
}

/** A message whose key is made at run time (`state.running`), or the plain word where there is none. */
export function useWord() {
  const intl = useIntl();
  return useCallback(
    (prefix: string, word: string) => {
      const id = `${prefix}.${word}`;
      return intl.messages[id] ? (intl.formatMessage({ id }) as string) : word;
    },
    [intl],
  );
}

export function useFormat() {
  const intl = useIntl();
  return useMemo(
    () => ({
      number: (value: number, digits = 0) => intl.formatNumber(value, { maximumFractionDigits: digits }),
      percent: (value: number, digits = 0) =>
        intl.formatNumber(value, { style: "percent", maximumFractionDigits: digits }),
      bytes: (value: number) => {
        const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
        const step = value > 0 ? Math.min(Math.floor(Math.log10(value) / 3), units.length - 1) : 0;
        const options = {
          style: "unit",
          unit: units[step],
          maximumFractionDigits: step > 1 ? 1 : 0,
        } as const;
        return intl.formatNumber(value / 1000 ** step, options);
      },
      day: (value: string | Date) => intl.formatDate(value, { dateStyle: "medium" }),
      weekday: (value: string | Date) =>
        intl.formatDate(value, { weekday: "long", day: "numeric", month: "long" }),
      time: (value: string | Date) => intl.formatDate(value, { dateStyle: "medium", timeStyle: "short" }),
      /** Day and hour, short: for the axis of a chart. */
      moment: (value: string | Date) =>
        intl.formatDate(value, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }),
      clock: (value: string | Date) => intl.formatTime(value, { timeStyle: "short" }),
      list: (values: readonly string[]) => intl.formatList([...values], { type: "conjunction" }),
      seconds: (value: number) => {
        if (value < 90)
          return intl.formatNumber(value, { style: "unit", unit: "second", maximumFractionDigits: 0 });
        const minutes = value / 60;
        if (minutes < 90)
          return intl.formatNumber(minutes, { style: "unit", unit: "minute", maximumFractionDigits: 0 });
        return intl.formatNumber(minutes / 60, { style: "unit", unit: "hour", maximumFractionDigits: 1 });
      },
    }),
    [intl],
  );
}
