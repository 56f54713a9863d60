/** What models of events say: who speaks for each project and how good it is, what it said, and a table of one's own. */
import { SegmentedControl } from "@mantine/core";
import { IconCrystalBall } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok } from "../../client";
import { Panel } from "../../components/Page";
import { Empty, Loaded } from "../../components/states";
import { useT } from "../../i18n";
import { Outcomes } from "./Outcomes";
import { OwnTable } from "./OwnTable";
import { Project } from "./Project";
import { Said } from "./Said";

export function Predictions() {
  const t = useT();
  const query = useQuery({
    queryKey: ["projects"],
    queryFn: () => ok(api.GET("/api/projects", { params: { query: { limit: 100 } } })),
  });
  const [chosen, setChosen] = useState<string | null>(null);
  return (
    <>
      <Loaded query={query} lines={6}>
        {({ items }) => {
          const project = items.find((one) => one.name === chosen) ?? items[0];
          if (!project)
            return (
              <Empty icon={IconCrystalBall} title={t("projects.empty")}>
                {t("projects.empty.text")}
              </Empty>
            );
          return (
            <>
              {items.length > 1 && (
                <Panel>
                  <SegmentedControl
                    value={project.name}
                    onChange={setChosen}
                    aria-label={t("projects.choose")}
                    data={items.map((one) => one.name)}
                    fullWidth
                  />
                </Panel>
              )}
              <Project key={project.name} project={project} />
              {project.champion && (
                <>
                  <Said key={`said ${project.name}`} project={project} />
                  <Outcomes key={`outcomes ${project.name}`} project={project} />
                </>
              )}
            </>
          );
        }}
      </Loaded>
      <OwnTable
        learned={(project) => {
          setChosen(project);
          window.scrollTo(0, 0); // it stands above
        }}
      />
    </>
  );
}
