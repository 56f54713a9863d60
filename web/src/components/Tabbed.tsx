/** A page of several parts, one shown at a time; which, stands in the address. */
import { Tabs } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import type { ComponentType } from "react";
import { useSearchParams } from "react-router";
import { type MessageId, useT } from "../i18n";
import { Page } from "./Page";

export function Tabbed<Name extends string>(props: {
  title: MessageId;
  lead: MessageId;
  label: (tab: Name) => MessageId;
  tabs: Record<Name, ComponentType>;
}) {
  const t = useT();
  const [query, setQuery] = useSearchParams();
  const narrow = useMediaQuery("(max-width: 48em)"); // where they take two lines
  const names = Object.keys(props.tabs) as Name[];
  const tab = names.find((one) => one === query.get("tab")) ?? names[0];
  if (!tab) return null;
  const Held: ComponentType = props.tabs[tab];
  return (
    <Page title={t(props.title)} lead={t(props.lead)}>
      <Tabs
        value={tab}
        variant={narrow ? "pills" : "default"}
        onChange={(one) => one && setQuery({ tab: one }, { replace: true })}
        keepMounted={false}
      >
        <Tabs.List mb="lg" aria-label={t(props.title)}>
          {names.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(props.label(one))}
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
