import { expect, test } from "vitest";
import { readPreferences } from "../src/i18n/preferences";

test("what was chosen is kept in the cookie, among others", () => {
  expect(readPreferences("a=b; ipse_look=he.dark; c=d", ["en"])).toEqual({ language: "he", scheme: "dark" });
});

test("without a choice the browser's language decides", () => {
  expect(readPreferences("", ["he-IL", "en"])).toEqual({ language: "he", scheme: "auto" });
  expect(readPreferences("", ["de-DE"])).toEqual({ language: "en", scheme: "auto" });
});

test("a choice of English goes before a Hebrew browser", () => {
  expect(readPreferences("ipse_look=en.light", ["he"])).toEqual({ language: "en", scheme: "light" });
});

test("a cookie that holds something else is no choice", () => {
  expect(readPreferences("ipse_look=xx.neon", ["en"])).toEqual({ language: "en", scheme: "auto" });
});
