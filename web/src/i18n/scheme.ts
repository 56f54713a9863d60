import type { MantineColorSchemeManager } from "@mantine/core";
import { keepPreferences, preferences } from "./preferences";

/** Keeps the colour scheme in the cookie of preferences. */
export const schemeManager: MantineColorSchemeManager = {
  get: () => preferences().scheme,
  set: (scheme) => keepPreferences({ scheme }),
  subscribe: () => undefined,
  unsubscribe: () => undefined,
  clear: () => keepPreferences({ scheme: "auto" }),
};
