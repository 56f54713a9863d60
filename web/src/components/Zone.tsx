/** Of which time zone times are that say none: every one that the browser knows, its own first. */
import { Select } from "@mantine/core";

export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

export function Zone(props: {
  label: string;
  description: string;
  value: string;
  choose: (zone: string) => void;
}) {
  return (
    <Select
      label={props.label}
      description={props.description}
      data={[...new Set([props.value, "UTC", ...Intl.supportedValuesOf("timeZone")])]}
      value={props.value}
      onChange={(value) => value && props.choose(value)}
      searchable
      allowDeselect={false}
      maw={340}
    />
  );
}
