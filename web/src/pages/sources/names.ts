/** What people call the places their messages come from; a plugin's source is called by its own name. */
const NAMES: Record<string, string> = {
  discord: "Discord",
  gmail: "Gmail",
  googlechat: "Google Chat",
  imessage: "iMessage",
  instagram: "Instagram",
  irc: "IRC",
  journals: "Journals",
  linkedin: "LinkedIn",
  mapping: "Any table",
  mattermost: "Mattermost",
  messenger: "Messenger",
  reflections: "Reflections",
  signal: "Signal",
  slack: "Slack",
  sms: "SMS",
  telegram: "Telegram",
  whatsapp: "WhatsApp",
  x: "X",
  zulip: "Zulip",
};

export const sourceName = (name: string): string => NAMES[name] ?? name;
