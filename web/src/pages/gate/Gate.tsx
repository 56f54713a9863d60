/** The door: lets in who is signed in, and signs in who brings a code or the passphrase. */
import { Button, Card, PasswordInput, Select } from "@mantine/core";
import { IconLockOpen } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { Looks } from "../../components/Shell";
import { Failure, useSaid, Waiting } from "../../components/states";
import { mark, useSessionQuery } from "../../hooks/session";
import { useT } from "../../i18n";
import { Founding } from "./Founding";
import classes from "./Gate.module.css";

type SigningIn = Schemas["SigningIn"];

/** The one-time code of the link, to sign in or to make a vault; it leaves the address bar at once. */
function takeCode(name: "code" | "new" = "code"): string {
  const code = new URLSearchParams(window.location.hash.slice(1)).get(name) ?? "";
  if (code) window.history.replaceState(null, "", window.location.pathname);
  return code;
}

export function Gate({ children }: { children: ReactNode }) {
  const session = useSessionQuery();
  const client = useQueryClient();
  const [code] = useState(() => takeCode());
  const [fresh] = useState(() => takeCode("new"));
  const byCode = useMutation({
    mutationFn: (brought: string) => ok(api.POST("/api/session", { body: { code: brought } as SigningIn })),
    onSuccess: (data) => {
      mark(true);
      client.setQueryData(["session"], data);
    },
  });
  const { mutate } = byCode;
  const used = useRef(false);
  useEffect(() => {
    if (code && !used.current) {
      used.current = true; // it works once, and effects may run twice
      mutate(code);
    }
    const another = () => {
      const brought = takeCode();
      if (brought) mutate(brought);
    };
    window.addEventListener("hashchange", another); // the link opened where the app is open already
    return () => window.removeEventListener("hashchange", another);
  }, [code, mutate]);
  if (session.data) return children;
  const waiting = session.isPending || byCode.isPending || (code && byCode.isIdle);
  return (
    <div className={classes.gate}>
      <div className={classes.looks}>
        <Looks />
      </div>
      <Card className={classes.card} component="main" id="main">
        <img src="/icon.svg" alt="" className={classes.icon} />
        {session.error ? (
          <Failure error={session.error} retry={() => void session.refetch()} />
        ) : waiting ? (
          <Waiting lines={2} />
        ) : (
          <SignIn refused={byCode.error} fresh={fresh} />
        )}
      </Card>
    </div>
  );
}

function SignIn({ refused, fresh }: { refused: unknown; fresh: string }) {
  const t = useT();
  const said = useSaid();
  const client = useQueryClient();
  const [passphrase, setPassphrase] = useState("");
  const [vault, setVault] = useState<string | null>(null);
  const health = useQuery({ queryKey: ["health"], queryFn: () => ok(api.GET("/api/health")) });
  const vaults = health.data?.vaults ?? [];
  const open = vaults.some((one) => one.open);
  const signIn = useMutation({
    mutationFn: () => ok(api.POST("/api/session", { body: { passphrase, vault: vault ?? "" } as SigningIn })),
    onSuccess: (data) => {
      setPassphrase("");
      mark(true);
      client.setQueryData(["session"], data);
      void client.invalidateQueries();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  const error = signIn.error ?? refused;
  if (health.isPending) return <Waiting lines={2} />;
  if (health.data?.new) return <Founding code={fresh} />;
  return (
    <form onSubmit={submit} className={classes.form}>
      <h1 className={classes.title}>{t(open ? "gate.signin" : "gate.unlock")}</h1>
      <p className={classes.text}>{t(open ? "gate.signin.text" : "gate.unlock.text")}</p>
      {vaults.length > 1 && (
        <Select
          label={t("gate.vault")}
          data={vaults.map((one) => ({ value: one.id, label: one.id.slice(0, 8) }))}
          value={vault ?? vaults[0]?.id ?? null}
          onChange={setVault}
          allowDeselect={false}
        />
      )}
      <PasswordInput
        label={t("gate.passphrase")}
        description={t("gate.passphrase.about")}
        value={passphrase}
        onChange={(event) => setPassphrase(event.currentTarget.value)}
        autoComplete="current-password"
        visibilityToggleButtonProps={{ "aria-label": t("gate.show") }}
        error={error ? `${said(error).title} ${said(error).text}`.trim() : undefined}
        data-autofocus
        required
      />
      <Button
        type="submit"
        loading={signIn.isPending}
        leftSection={<IconLockOpen size={18} />}
        fullWidth
        size="md"
      >
        {t(open ? "gate.signin.do" : "gate.unlock.do")}
      </Button>
      <p className={classes.note}>{t("gate.note")}</p>
    </form>
  );
}
