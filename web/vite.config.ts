import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { themeCss } from "./theme-css.ts";

/** The theme's variables as a file of their own: the strict CSP forbids the style element that Mantine would add. */
function themeFile(): Plugin {
  const id = "virtual:theme.css";
  return {
    name: "ipse-theme",
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load: (source) => (source === `\0${id}` ? themeCss() : undefined),
  };
}

export default defineConfig({
  plugins: [react(), themeFile()],
  build: {
    outDir: "../src/ipse/server/static",
    emptyOutDir: true,
    assetsInlineLimit: 0, // no data: addresses; the CSP allows files of this server alone
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    target: "es2022",
  },
  server: { proxy: { "/api": { target: "http://127.0.0.1:8765", ws: true } } },
});
