/** What is allowed, what is kept, what was replaced, and how to let go of any of it. */
import { Tabs } from "@mantine/core";
import { useSearchParams } from "react-router";
import { Page } from "../../components/Page";
import { useT } from "../../i18n";
import { Consents } from "./Consents";
import { Erase } from "./Erase";
import { Kept } from "./Kept";
import { Redactions } from "./Redactions";

const TABS = { consents: Consents, kept: Kept, words: Redactions, erase: Erase } as const;
type Tab = keyof typeof TABS;

export default function Privacy() {
  const t = useT();
  const [query, setQuery] = useSearchParams();
  const tab = (query.get("tab") ?? "consents") as Tab;
  const Held = TABS[tab] ?? Consents;
  return (
    <Page title={t("nav.privacy")} lead={t("privacy.lead")}>
      <Tabs
        value={tab}
        onChange={(value) => setQuery({ tab: value ?? "consents" }, { replace: true })}
        keepMounted={false}
      >
        <Tabs.List mb="lg">
          {(Object.keys(TABS) as Tab[]).map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`privacy.${one}`)}
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
