/** What the service says in its own words, which are English in every language. */
import type { ReactNode } from "react";

export function English({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <span lang="en" dir="ltr" className={className}>
      {children}
    </span>
  );
}

export function Notes({ notes = [] }: { notes?: readonly string[] }) {
  if (!notes.length) return null;
  return (
    <ul className="plain dim" lang="en" dir="ltr">
      {notes.map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  );
}
