/** What time goes to: a name in the owner's language, and a colour that stays with it. */
import { useWord } from "../../i18n";

/** Those that are told apart without a word from the owner. */
export const KNOWN = [
  "code",
  "writing",
  "numbers",
  "design",
  "research",
  "study",
  "work",
  "communication",
  "browsing",
  "files",
  "media",
  "social",
  "games",
  "other",
] as const;

const COLOURS: Record<string, string> = {
  code: "moss.6",
  writing: "moss.4",
  numbers: "teal.6",
  design: "cyan.6",
  research: "moss.8",
  study: "moss.3",
  work: "teal.3",
  communication: "clay.5",
  browsing: "yellow.5",
  files: "gray.5",
  media: "grape.4",
  social: "orange.4",
  games: "grape.7",
  other: "gray.4",
  unknown: "gray.3",
};
const OWN = ["indigo.4", "blue.6", "pink.4", "lime.6"];

/** A colour of the theme; what the owner named gets one of its own. */
export function colourOf(category: string): string {
  const known = COLOURS[category];
  if (known) return known;
  const sum = [...category].reduce((all, letter) => all + letter.charCodeAt(0), 0);
  return OWN[sum % OWN.length] ?? "gray.5";
}

/** The same for a style: `moss.6` is `var(--mantine-color-moss-6)`. */
export const paint = (category: string): string =>
  `var(--mantine-color-${colourOf(category).replace(".", "-")})`;

export function useCategory() {
  const word = useWord();
  return (category: string) => word("category", category);
}
