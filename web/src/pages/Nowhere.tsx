import { Button } from "@mantine/core";
import { IconMapOff } from "@tabler/icons-react";
import { Link } from "react-router";
import { Empty } from "../components/states";
import { useT } from "../i18n";

export default function Nowhere() {
  const t = useT();
  return (
    <Empty
      icon={IconMapOff}
      title={t("error.nowhere")}
      action={
        <Button component={Link} to="/">
          {t("nav.home")}
        </Button>
      }
    >
      {t("error.nowhere.text")}
    </Empty>
  );
}
