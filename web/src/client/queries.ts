import { QueryClient } from "@tanstack/react-query";
import { Problem } from "./problem";

/** A refusal is an answer and not asked again; what was not reached is, so the page reconnects by itself. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: "always",
      staleTime: 5_000,
      retry: (failures, error) => !(error instanceof Problem) && failures < 4,
      retryDelay: (failures) => Math.min(500 * 2 ** failures, 5_000),
    },
    mutations: { networkMode: "always" },
  },
});
