import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "react-router/dom";
import { queries } from "./client/queries";
import { Languages } from "./i18n";
import { schemeManager } from "./i18n/scheme";
import { router } from "./router";
import { theme } from "./theme";

export function App() {
  return (
    <Languages>
      {/* Variables and classes stand in files of their own: the CSP lets no style element be added. */}
      <MantineProvider
        theme={theme}
        defaultColorScheme="auto"
        colorSchemeManager={schemeManager}
        withCssVariables={false}
        withGlobalClasses={false}
      >
        <Notifications position="bottom-center" limit={3} />
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </Languages>
  );
}
