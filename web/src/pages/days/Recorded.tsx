/** What is recorded: whether something is, a file of what was, and what there is of it. */
import { Collecting } from "./Collecting";
import { EventFile } from "./EventFile";
import { Streams } from "./Streams";

export function Recorded() {
  return (
    <>
      <Collecting />
      <Streams />
      <EventFile />
    </>
  );
}
