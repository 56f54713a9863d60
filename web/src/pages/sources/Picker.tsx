/** Which places to bring messages from. */
import { Chip, Group } from "@mantine/core";
import { Loaded } from "../../components/states";
import { useSources } from "../../hooks/data";
import { useT } from "../../i18n";
import { sourceName } from "./names";

export function Picker({ chosen, choose }: { chosen: string[]; choose: (names: string[]) => void }) {
  const t = useT();
  const sources = useSources();
  return (
    <Loaded query={sources} lines={2}>
      {({ items }) => (
        <Chip.Group multiple value={chosen} onChange={choose}>
          <Group gap="xs" role="group" aria-label={t("sources.pick")}>
            {items.map((one) => (
              <Chip key={one.name} value={one.name} size="md">
                {sourceName(one.name)}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
      )}
    </Loaded>
  );
}
