/** Which places to bring messages from, and leave to. */
import { Button, Chip, Group } from "@mantine/core";
import { useState } from "react";
import { Loaded } from "../../components/states";
import { useSources } from "../../hooks/data";
import { useT } from "../../i18n";
import { Allow } from "./Allow";
import { useSourceName } from "./names";

/** Nothing is allowed yet: what to bring is chosen, and allowed, before anything is opened. */
export function First() {
  const t = useT();
  const [chosen, setChosen] = useState<string[]>([]);
  const [asking, setAsking] = useState(false);
  if (asking) return <Allow sources={chosen} done={() => setAsking(false)} cancel={() => setAsking(false)} />;
  return (
    <div className="stack">
      <Picker chosen={chosen} choose={setChosen} />
      <div>
        <Button disabled={!chosen.length} onClick={() => setAsking(true)}>
          {t("sources.choose", { n: chosen.length })}
        </Button>
      </div>
    </div>
  );
}

function Picker({ chosen, choose }: { chosen: string[]; choose: (names: string[]) => void }) {
  const t = useT();
  const sourceName = useSourceName();
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
