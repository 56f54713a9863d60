/** Language and colours as the owner likes them, in a plain cookie: nothing of ipse is in localStorage. */
export interface Preferences {
  language: "en" | "he";
  scheme: "auto" | "light" | "dark";
}

const NAME = "ipse_look";
const YEAR = 60 * 60 * 24 * 365;

export function readPreferences(cookie: string, languages: readonly string[]): Preferences {
  const held = /(?:^|;\s*)ipse_look=([a-z]+)\.([a-z]+)/.exec(cookie);
  const hebrew = /^(he|iw)\b/.test(languages[0] ?? "");
  const language = held?.[1] === "he" || (!held && hebrew) ? "he" : "en";
  const scheme = held?.[2] === "light" || held?.[2] === "dark" ? held[2] : "auto";
  return { language, scheme };
}

export function preferences(): Preferences {
  return readPreferences(document.cookie, navigator.languages);
}

export function keepPreferences(changed: Partial<Preferences>): Preferences {
  const now = { ...preferences(), ...changed };
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser yet
  document.cookie = `${NAME}=${now.language}.${now.scheme}; Path=/; Max-Age=${YEAR}; SameSite=Strict`;
  return now;
}
