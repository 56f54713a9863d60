import { createTheme, type MantineColorsTuple } from "@mantine/core";

/** Moss: what the owner does and decides. */
const moss: MantineColorsTuple = [
  "#eef6f2",
  "#dcebe4",
  "#b9d8ca",
  "#93c3b0",
  "#6fae98",
  "#559d85",
  "#408b73",
  "#327862",
  "#266653",
  "#1a5243",
];

/** Clay: what a machine wrote. Wherever it stands, words are not the owner's own. */
const clay: MantineColorsTuple = [
  "#fdf2ea",
  "#f9e2d2",
  "#f1c6a7",
  "#e7a779",
  "#dd8b52",
  "#d0753a",
  "#bf6429",
  "#a9531d",
  "#8f4415",
  "#743610",
];

/** Warm greys, so that long reading rests the eyes. */
const gray: MantineColorsTuple = [
  "#faf9f6",
  "#f3f1ec",
  "#e9e6df",
  "#dcd8cf",
  "#c6c1b6",
  "#a19b8f",
  "#757066",
  "#56524a",
  "#3a372f",
  "#25231e",
];

const dark: MantineColorsTuple = [
  "#e4e5e0",
  "#bfc2bb",
  "#a5a9a1",
  "#7f857c",
  "#50564f",
  "#3c423c",
  "#262b27",
  "#1c201d",
  "#161917",
  "#101211",
];

const SANS = '"Inter Variable", "Heebo Variable", system-ui, sans-serif';
const SERIF = '"Fraunces Variable", "Heebo Variable", Georgia, serif';

export const theme = createTheme({
  colors: { moss, clay, gray, dark },
  primaryColor: "moss",
  primaryShade: { light: 8, dark: 7 },
  autoContrast: true,
  luminanceThreshold: 0.34,
  fontFamily: SANS,
  headings: { fontFamily: SERIF, fontWeight: "560", sizes: { h1: { fontSize: "2rem", lineHeight: "1.2" } } },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Card: { defaultProps: { radius: "lg", padding: "lg", withBorder: true } },
    Badge: { defaultProps: { variant: "light", tt: "none", fw: 550 } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 300 } },
    Modal: { defaultProps: { centered: true, radius: "lg", transitionProps: { duration: 120 } } },
  },
});

/** Where Mantine's own choices lack contrast (4.5:1 is asked of text) or warmth. */
export function variables() {
  return {
    variables: {},
    light: {
      "--mantine-color-body": gray[0],
      "--mantine-color-text": gray[9],
      "--mantine-color-dimmed": "#625d54",
      "--mantine-color-placeholder": "#6f6a60",
      "--mantine-color-anchor": moss[8],
      "--mantine-color-error": "#b3261e",
      "--ipse-surface": "#ffffff",
      "--ipse-sunken": gray[1],
      "--ipse-line": gray[2],
      "--ipse-mine": moss[1],
      "--ipse-machine": clay[0],
      "--ipse-machine-line": clay[2],
      "--ipse-machine-text": clay[8],
    },
    dark: {
      "--mantine-color-body": dark[8],
      "--mantine-color-text": dark[0],
      "--mantine-color-dimmed": dark[2],
      "--mantine-color-placeholder": "#8d938a",
      "--mantine-color-anchor": moss[3],
      "--mantine-color-error": "#ff9b91",
      "--ipse-surface": dark[7],
      "--ipse-sunken": dark[6],
      "--ipse-line": dark[5],
      "--ipse-mine": "#1f3d34",
      "--ipse-machine": "#2e2118",
      "--ipse-machine-line": "#5d3d25",
      "--ipse-machine-text": clay[3],
    },
  };
}
