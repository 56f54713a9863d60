/** Where each page is. A page is loaded when it is visited. */
import type { ComponentType } from "react";
import { createBrowserRouter, type RouteObject } from "react-router";
import { Shell } from "./components/Shell";
import { Broken, Waiting } from "./components/states";
import type { MessageId } from "./i18n";
import { Gate } from "./pages/gate/Gate";

type Module = { default: ComponentType };

const page = (path: string, title: MessageId, load: () => Promise<Module>): RouteObject => ({
  path,
  handle: { title },
  lazy: async () => ({ Component: (await load()).default }),
  ErrorBoundary: Broken,
  HydrateFallback: Waiting,
});

export const router = createBrowserRouter([
  {
    element: (
      <Gate>
        <Shell />
      </Gate>
    ),
    ErrorBoundary: Broken,
    HydrateFallback: Waiting,
    children: [
      page("/", "nav.home", () => import("./pages/home/Home")),
      page("/chat", "nav.chat", () => import("./pages/chat/Chat")),
      page("/review", "nav.review", () => import("./pages/review/Review")),
      page("/sources", "nav.sources", () => import("./pages/sources/Sources")),
      page("/you", "nav.you", () => import("./pages/you/You")),
      page("/train", "nav.train", () => import("./pages/train/Train")),
      page("/models", "nav.models", () => import("./pages/models/Models")),
      page("/days", "nav.days", () => import("./pages/days/Days")),
      page("/privacy", "nav.privacy", () => import("./pages/privacy/Privacy")),
      page("/admin", "nav.admin", () => import("./pages/admin/Admin")),
      page("/settings", "nav.settings", () => import("./pages/settings/Settings")),
      page("*", "error.nowhere", () => import("./pages/Nowhere")),
    ],
  },
]);
