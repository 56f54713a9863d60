/** What a machine recorded of its owner's days, and what is told from it. */
import { Tabbed } from "../../components/Tabbed";
import { Predictions } from "./Predictions";
import { Productivity } from "./Productivity";
import { Recorded } from "./Recorded";
import { System } from "./System";

const TABS = { recorded: Recorded, productivity: Productivity, system: System, predictions: Predictions };

export default function Days() {
  return <Tabbed title="nav.days" lead="days.lead" tabs={TABS} label={(tab) => `days.${tab}`} />;
}
