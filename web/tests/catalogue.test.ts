import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, TYPE } from "@formatjs/icu-messageformat-parser";
import { expect, test } from "vitest";
import en from "../src/i18n/en.json";
import he from "../src/i18n/he.json";

const catalogues = { en, he } as Record<string, Record<string, string>>;

/** The names that a message is given values for. */
function names(message: string): string[] {
  const found = new Set<string>();
  const walk = (parts: ReturnType<typeof parse>): void => {
    for (const part of parts) {
      if (part.type !== TYPE.literal && part.type !== TYPE.pound) found.add(part.value);
      if (part.type === TYPE.plural || part.type === TYPE.select) {
        for (const option of Object.values(part.options)) walk(option.value);
      }
    }
  };
  walk(parse(message));
  return [...found].sort();
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? sources(join(folder, entry.name))
      : /\.tsx?$/.test(entry.name) && entry.name !== "schema.ts"
        ? [readFileSync(join(folder, entry.name), "utf8")]
        : [],
  );
}

test("both catalogues have the same keys", () => {
  expect(Object.keys(he).sort()).toEqual(Object.keys(en).sort());
});

test("each message is well formed and takes the same values in both", () => {
  for (const [key, message] of Object.entries(en)) {
    expect(names((he as Record<string, string>)[key] ?? ""), key).toEqual(names(message));
  }
});

test("no message is empty, and Hebrew has Hebrew in it where English has words", () => {
  for (const [language, messages] of Object.entries(catalogues)) {
    for (const [key, message] of Object.entries(messages))
      expect(message.trim(), `${language} ${key}`).not.toBe("");
  }
  const latin = Object.entries(he).filter(([, message]) => !/[֐-׿]/.test(message));
  expect(latin.map(([key]) => key).sort()).toEqual(
    ["channel.webhook", "method.dora", "method.houlsby", "method.lora", "method.qlora"].sort(),
  );
});

test("every key that is written in the source stands in the catalogue", () => {
  const used = sources(join(import.meta.dirname, "../src")).flatMap((source) => [
    ...source.matchAll(/\bt\(\s*"([^"]+)"/g),
  ]);
  expect(used.length).toBeGreaterThan(200);
  const missing = used.map((match) => match[1] ?? "").filter((key) => !(key in en));
  expect(missing).toEqual([]);
});

test("no words stand in the pages outside the catalogue", () => {
  // Text between tags that begins with a letter and has a space: a sentence that nobody could translate.
  const found = sources(join(import.meta.dirname, "../src/pages")).flatMap((source) => [
    ...source.matchAll(/>\s*([A-Z][a-z]+ [a-z]+[^<>{}]*)</g),
  ]);
  expect(found.map((match) => match[1])).toEqual([]);
});
