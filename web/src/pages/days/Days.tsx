/** What a machine recorded, and what is expected of it. Nothing collects events yet, and the page says so. */
import { IconActivity, IconBellRinging, IconCalendarStats, IconTimeline } from "@tabler/icons-react";
import { Page } from "../../components/Page";
import { Empty } from "../../components/states";
import { type MessageId, useT } from "../../i18n";
import classes from "./Days.module.css";

const COMING: { icon: typeof IconActivity; title: MessageId; text: MessageId }[] = [
  { icon: IconActivity, title: "days.see", text: "days.see.text" },
  { icon: IconCalendarStats, title: "days.expect", text: "days.expect.text" },
  { icon: IconBellRinging, title: "days.warn", text: "days.warn.text" },
];

export default function Days() {
  const t = useT();
  return (
    <Page title={t("nav.days")} lead={t("days.lead")}>
      <Empty icon={IconTimeline} title={t("days.empty")}>
        {t("days.empty.text")}
      </Empty>
      <ul className={classes.coming}>
        {COMING.map(({ icon: Icon, title, text }) => (
          <li key={title} className={classes.one}>
            <Icon size={22} stroke={1.5} aria-hidden />
            <h2>{t(title)}</h2>
            <p>{t(text)}</p>
          </li>
        ))}
      </ul>
    </Page>
  );
}
