/** A conversation over a WebSocket: asked, answered piece by piece, stopped at any word, kept in the vault. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, ok } from "../../client";
import { Problem, Unreachable } from "../../client/problem";

const past = () =>
  ok(api.GET("/api/ai-echo/history", { params: { query: { session: SESSION, limit: 40 } } }));

type Said = Awaited<ReturnType<typeof past>>["items"][number];
type Heard =
  | { type: "place"; ahead: number; seconds: number }
  | { type: "piece"; text: string }
  | { type: "done"; session: string; message: Said }
  | { type: "cancelled" }
  | { type: "error"; detail: string; hint?: string; status?: number };

/** A question and what was answered. `id` is that of the answer once it is kept. */
export interface Exchange {
  key: string;
  question: string;
  answer: string;
  contact: string | null;
  id?: string;
  model?: string;
  label?: string;
  fallback?: string | null;
  waiting?: number;
  streaming?: boolean;
  stopped?: boolean;
}

export const SESSION = "main";

/** Pairs of what was said, oldest first, from a history that is newest first. */
export function paired(history: readonly Said[]): Exchange[] {
  const found: Exchange[] = [];
  for (const said of [...history].reverse()) {
    const last = found.at(-1);
    if (said.who === "you") {
      found.push({ key: said.id, question: said.shown, answer: "", contact: null });
    } else if (last && !last.id) {
      Object.assign(last, answered(said));
    }
  }
  return found;
}

function answered(said: Said): Partial<Exchange> {
  return {
    id: said.id,
    answer: said.shown,
    model: said.model,
    label: said.label,
    fallback: said.fallback,
    stopped: said.stopped,
    streaming: false,
    waiting: undefined,
  };
}

function connected(): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket("/api/ai-echo/ws");
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject(new Unreachable());
  });
}

export function useConversation({ model, contact }: { model: string; contact: string | null }) {
  const client = useQueryClient();
  const socket = useRef<WebSocket | null>(null);
  const [fresh, setFresh] = useState<Exchange[]>([]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [begun, setBegun] = useState(() => new Date().toISOString());
  const history = useQuery({
    queryKey: ["history", begun],
    queryFn: past,
    staleTime: Number.POSITIVE_INFINITY,
  });
  useEffect(() => () => socket.current?.close(), []);

  const change = useCallback(
    (key: string, part: (held: Exchange) => Partial<Exchange>) =>
      setFresh((held) => held.map((one) => (one.key === key ? { ...one, ...part(one) } : one))),
    [],
  );

  const ask = useCallback(
    async (question: string) => {
      const key = `new-${Date.now()}`;
      setError(null);
      setBusy(true);
      setFresh((held) => [...held, { key, question, answer: "", contact, streaming: true }]);
      const over = (why?: unknown) => {
        change(key, () => ({ streaming: false, waiting: undefined }));
        setBusy(false);
        if (why) setError(why);
      };
      try {
        if (socket.current?.readyState !== WebSocket.OPEN) socket.current = await connected();
      } catch (why) {
        over(why);
        return;
      }
      const open = socket.current;
      open.onclose = () => over(new Unreachable());
      open.onmessage = (event) => {
        const heard = JSON.parse(event.data) as Heard;
        if (heard.type === "place") change(key, () => ({ waiting: heard.ahead }));
        if (heard.type === "piece")
          change(key, (held) => ({ answer: held.answer + heard.text, waiting: undefined }));
        if (heard.type === "done") change(key, () => answered(heard.message));
        if (heard.type === "cancelled") change(key, () => ({ stopped: true }));
        if (heard.type === "error") over(new Problem(heard.status ?? 500, heard));
        if (heard.type === "done" || heard.type === "cancelled") {
          open.onclose = null;
          over();
        }
      };
      open.send(JSON.stringify({ type: "ask", message: question, session: SESSION, contact, model }));
    },
    [change, contact, model],
  );

  const stop = useCallback(() => socket.current?.send(JSON.stringify({ type: "cancel" })), []);

  const reset = useCallback(async () => {
    await ok(api.POST("/api/ai-echo/reset-context", { body: { session: SESSION } }));
    setFresh([]);
    setBegun("");
    client.setQueryData(["history", ""], { items: [], total: 0, next: null });
  }, [client]);

  const exchanges = [...paired(history.data?.items ?? []), ...fresh];
  return { exchanges, busy, error, ask, stop, reset, ready: !history.isPending };
}
