/** Something that changes what is here: said where it fails, and what it changed is asked for anew. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNews } from "../components/Confirm";

/** `act.mutate(work)`; `keys` are the queries that it changes, all of them for none. */
export function useAct(...keys: string[]) {
  const client = useQueryClient();
  const news = useNews();
  return useMutation({
    mutationFn: (work: () => Promise<unknown>) => work(),
    onError: news.failed,
    onSettled: () => client.invalidateQueries(keys.length ? { queryKey: keys } : undefined),
  });
}
