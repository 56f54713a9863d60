/** What happened here and who may come in: the audit log, tokens, usage, jobs, reports and backups. */
import { Tabbed } from "../../components/Tabbed";
import { Audit } from "./Audit";
import { Backups } from "./Backups";
import { Jobs } from "./Jobs";
import { Reports } from "./Reports";
import { Tokens } from "./Tokens";
import { Usage } from "./Usage";

const TABS = { audit: Audit, access: Tokens, usage: Usage, jobs: Jobs, reports: Reports, backups: Backups };

export default function Admin() {
  return <Tabbed title="nav.admin" lead="admin.lead" tabs={TABS} label={(tab) => `admin.${tab}`} />;
}
