import type { Schemas } from "../../client";
import { save } from "../../client/save";

/** What a channel made for the owner to pass on: into the clipboard, the mail program, or a file. */
export async function deliver(channel: string, made: Schemas["HandedOut"]): Promise<void> {
  if (!made.content) return;
  if (channel === "mailto") {
    window.location.href = made.text;
  } else if (made.file_name) {
    const bytes = Uint8Array.from(atob(made.content), (letter) => letter.charCodeAt(0));
    save(made.file_name, new Blob([bytes], { type: made.media_type }));
  } else {
    await navigator.clipboard.writeText(made.text);
  }
}
