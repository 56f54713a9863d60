/** Files handed to the service, and what is done with them then, as one thing that goes on. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "../client";
import { upload } from "../client/upload";

type Held = Schemas["UploadFound"];
export type Named = { name: string; file: File };

/** `share` says how much of the files has gone, null while nothing goes on; `work` calls `hand` when it is time. */
export function useHanding<Input, Found>(
  work: (hand: (files: Named[]) => Promise<Held>, input: Input) => Promise<Found>,
  done: (found: Found) => unknown,
) {
  const [share, setShare] = useState<number | null>(null);
  const send = useMutation({
    mutationFn: async (input: Input) => {
      try {
        return await work((files) => {
          setShare(0);
          return upload<Held>("/api/uploads", files, setShare);
        }, input);
      } finally {
        setShare(null);
      }
    },
    onSuccess: done,
  });
  return { send, share };
}
