/** What happened here and who may come in: the audit log, tokens, jobs, figures, reports and backups. */
import { Tabs } from "@mantine/core";
import { useSearchParams } from "react-router";
import { Page } from "../../components/Page";
import { useT } from "../../i18n";
import { Audit } from "./Audit";
import { Backups } from "./Backups";
import { Jobs } from "./Jobs";
import { Reports } from "./Reports";
import { Tokens } from "./Tokens";

const TABS = { audit: Audit, access: Tokens, jobs: Jobs, reports: Reports, backups: Backups } as const;
type Tab = keyof typeof TABS;

export default function Admin() {
  const t = useT();
  const [query, setQuery] = useSearchParams();
  const tab = (query.get("tab") ?? "audit") as Tab;
  const Held = TABS[tab] ?? Audit;
  return (
    <Page title={t("nav.admin")} lead={t("admin.lead")}>
      <Tabs
        value={tab}
        onChange={(value) => setQuery({ tab: value ?? "audit" }, { replace: true })}
        keepMounted={false}
      >
        <Tabs.List mb="lg">
          {(Object.keys(TABS) as Tab[]).map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`admin.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab}>
          <div className="stack">
            <Held />
          </div>
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
