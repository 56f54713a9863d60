/** What is allowed, kept, refused and replaced, and how to let go of any of it. */
import { Tabbed } from "../../components/Tabbed";
import { Consents } from "./Consents";
import { Erase } from "./Erase";
import { Exclusions } from "./Exclusions";
import { Kept } from "./Kept";
import { Redactions } from "./Redactions";

const TABS = { consents: Consents, kept: Kept, exclusions: Exclusions, words: Redactions, erase: Erase };

export default function Privacy() {
  return <Tabbed title="nav.privacy" lead="privacy.lead" tabs={TABS} label={(tab) => `privacy.${tab}`} />;
}
