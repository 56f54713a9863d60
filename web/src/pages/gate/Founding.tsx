/** Where there is no vault yet: a passphrase twice, where it will lie, and its recovery key, once. */
import { Alert, Button, Checkbox, CopyButton, Group, PasswordInput, Progress } from "@mantine/core";
import { IconKey, IconShieldLock } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { api, ok } from "../../client";
import { Failure, Waiting } from "../../components/states";
import { mark } from "../../hooks/session";
import { useT, useWord } from "../../i18n";
import classes from "./Gate.module.css";

/** How hard a passphrase is to guess, from 0 to 4; judged here, with words and names that are guessed first. */
function useStrength(passphrase: string): number | null {
  const [strength, setStrength] = useState<number | null>(null);
  useEffect(() => {
    let latest = true;
    void import("./strength").then(({ strengthOf }) => latest && setStrength(strengthOf(passphrase)));
    return () => {
      latest = false;
    };
  }, [passphrase]);
  return passphrase ? strength : null;
}

export function Founding({ code }: { code: string }) {
  const t = useT();
  const client = useQueryClient();
  const place = useQuery({
    queryKey: ["new", code],
    queryFn: () => ok(api.POST("/api/vault/new/look", { body: { code } })),
    enabled: !!code,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const make = useMutation({
    mutationFn: (passphrase: string) => ok(api.POST("/api/vault/new", { body: { code, passphrase } })),
  });
  const enter = () => {
    mark(true);
    client.setQueryData(["session"], make.data?.session);
    void client.invalidateQueries({ queryKey: ["health"] }); // nothing else was asked before there was a vault
  };
  if (!code)
    return (
      <Alert color="orange" title={t("found.link")}>
        {t("found.link.text")}
      </Alert>
    );
  if (place.error) return <Failure error={place.error} />;
  if (!place.data) return <Waiting lines={2} />;
  if (make.data) return <Recovery secret={make.data.recovery_key} enter={enter} />;
  return (
    <Ask
      folder={place.data.folder}
      shortest={place.data.shortest}
      error={make.error}
      busy={make.isPending}
      make={make.mutate}
    />
  );
}

function Ask(props: {
  folder: string;
  shortest: number;
  error: unknown;
  busy: boolean;
  make: (passphrase: string) => void;
}) {
  const t = useT();
  const word = useWord();
  const [passphrase, setPassphrase] = useState("");
  const [again, setAgain] = useState("");
  const strength = useStrength(passphrase);
  const short = passphrase.length < props.shortest;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!short && passphrase === again) props.make(passphrase);
  };
  return (
    <form onSubmit={submit} className={classes.form}>
      <h1 className={classes.title}>{t("found.title")}</h1>
      <p className={classes.text}>{t("found.text")}</p>
      <p className={classes.note}>
        {t("found.where")} <span className="mono">{props.folder}</span>
      </p>
      <PasswordInput
        label={t("gate.passphrase")}
        description={t("found.passphrase.about")}
        value={passphrase}
        onChange={(event) => setPassphrase(event.currentTarget.value)}
        autoComplete="new-password"
        visibilityToggleButtonProps={{ "aria-label": t("gate.show") }}
        data-autofocus
        required
      />
      {strength !== null && (
        <div aria-live="polite">
          <Progress
            value={short ? 10 : 25 * Math.max(strength, 0.5)}
            color={short || strength < 2 ? "red" : strength < 3 ? "orange" : "moss"}
            aria-label={t("found.strength")}
          />
          <p className={classes.note}>
            {short ? t("found.short", { n: props.shortest }) : word("strength", String(strength))}
          </p>
        </div>
      )}
      <PasswordInput
        label={t("found.again")}
        value={again}
        onChange={(event) => setAgain(event.currentTarget.value)}
        autoComplete="new-password"
        visibilityToggleButtonProps={{ "aria-label": t("gate.show") }}
        error={again && again !== passphrase ? t("found.differ") : undefined}
        required
      />
      {!!props.error && <Failure error={props.error} />}
      <Button
        type="submit"
        size="md"
        fullWidth
        loading={props.busy}
        disabled={short || passphrase !== again}
        leftSection={<IconShieldLock size={18} />}
      >
        {t("found.do")}
      </Button>
    </form>
  );
}

function Recovery({ secret, enter }: { secret: string; enter: () => void }) {
  const t = useT();
  const [kept, setKept] = useState(false);
  return (
    <div className={classes.form}>
      <h1 className={classes.title}>{t("found.recovery")}</h1>
      <p className={classes.text}>{t("found.recovery.text")}</p>
      <Alert color="moss" icon={<IconKey />}>
        <span className="mono" data-testid="recovery">
          {secret}
        </span>
      </Alert>
      <Group>
        <CopyButton value={secret}>
          {({ copied, copy }) => (
            <Button variant="default" size="xs" onClick={copy}>
              {t(copied ? "action.copied" : "action.copy")}
            </Button>
          )}
        </CopyButton>
      </Group>
      <Checkbox
        checked={kept}
        onChange={(event) => setKept(event.currentTarget.checked)}
        label={t("found.kept")}
      />
      <Button size="md" fullWidth disabled={!kept} onClick={enter}>
        {t("found.enter")}
      </Button>
    </div>
  );
}
