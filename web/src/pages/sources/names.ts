import { useCallback } from "react";
import { useWord } from "../../i18n";

/** What people call the places their messages come from, in every language. */
const NAMES: Record<string, string> = {
  discord: "Discord",
  gmail: "Gmail",
  googlechat: "Google Chat",
  imessage: "iMessage",
  instagram: "Instagram",
  irc: "IRC",
  linkedin: "LinkedIn",
  mattermost: "Mattermost",
  messenger: "Messenger",
  signal: "Signal",
  slack: "Slack",
  sms: "SMS",
  telegram: "Telegram",
  whatsapp: "WhatsApp",
  x: "X",
  zulip: "Zulip",
};

/** The name of a source of messages or events; that of a plugin, or of a table, is its own. */
export function useSourceName() {
  const word = useWord();
  return useCallback((name: string): string => NAMES[name] ?? word("collector", name), [word]);
}
