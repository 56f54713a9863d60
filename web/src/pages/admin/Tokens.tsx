/** Who may come in besides this browser: programs and people, each with what they may do and until when. */
import {
  Alert,
  Badge,
  Button,
  CopyButton,
  Group,
  NumberInput,
  Select,
  Table,
  TextInput,
} from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ok, type Schemas } from "../../client";
import { ConfirmButton, useNews } from "../../components/Confirm";
import { Panel } from "../../components/Page";
import { Sheet } from "../../components/Sheet";
import { Loaded } from "../../components/states";
import { useSession } from "../../hooks/session";
import { useFormat, useT, useWord } from "../../i18n";

type Role = NonNullable<Schemas["NewToken"]["role"]>;

const ROLES: Role[] = ["reviewer", "researcher", "admin", "owner"];

export function Tokens() {
  const t = useT();
  const word = useWord();
  const format = useFormat();
  const news = useNews();
  const client = useQueryClient();
  const session = useSession();
  const tokens = useQuery({
    queryKey: ["tokens"],
    queryFn: () => ok(api.GET("/api/tokens", { params: { query: { limit: 200 } } })),
  });
  return (
    <>
      <Make />
      <Panel title={t("tokens.title")} about={t("tokens.about")}>
        <Loaded query={tokens}>
          {({ items }) => (
            <Sheet
              minWidth={620}
              columns={[
                t("tokens.name"),
                t("tokens.may"),
                t("tokens.until"),
                { label: t("contacts.actions"), quiet: true },
              ]}
            >
              {items.map((one) => (
                <Table.Tr key={one.id}>
                  <Table.Th scope="row" fw={550}>
                    <span className="row">
                      <bdi>{one.browser ? t("tokens.browser") : one.name}</bdi>
                      {one.id === session?.id && <Badge color="clay">{t("tokens.this")}</Badge>}
                    </span>
                  </Table.Th>
                  <Table.Td>
                    <span className="row">
                      {one.scopes.map((scope) => (
                        <Badge key={scope} color="gray">
                          {word("scope", scope)}
                        </Badge>
                      ))}
                    </span>
                  </Table.Td>
                  <Table.Td>
                    {one.active
                      ? one.expires_at
                        ? format.time(one.expires_at)
                        : t("consents.always")
                      : t("tokens.ended")}
                  </Table.Td>
                  <Table.Td>
                    {one.active && one.id !== session?.id && (
                      <ConfirmButton
                        size="compact-sm"
                        variant="subtle"
                        color="red"
                        ask={t("tokens.revoke.ask", { name: one.name })}
                        about={t("tokens.revoke.about")}
                        onConfirm={async () => {
                          await ok(
                            api.DELETE("/api/tokens/{token}", { params: { path: { token: one.id } } }),
                          );
                          await client.invalidateQueries({ queryKey: ["tokens"] });
                          news.done(t("tokens.revoked", { name: one.name }));
                        }}
                      >
                        {t("tokens.revoke")}
                      </ConfirmButton>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Sheet>
          )}
        </Loaded>
      </Panel>
    </>
  );
}

function Make() {
  const t = useT();
  const word = useWord();
  const news = useNews();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("reviewer");
  const [days, setDays] = useState<number | string>(90);
  const make = useMutation({
    mutationFn: () =>
      ok(api.POST("/api/tokens", { body: { name, role, scopes: [], days: Number(days) || null } })),
    onSuccess: () => {
      setName("");
      void client.invalidateQueries({ queryKey: ["tokens"] });
    },
    onError: news.failed,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Panel title={t("tokens.new")} about={t("tokens.new.about")}>
      <form onSubmit={submit}>
        <Group align="flex-end">
          <TextInput
            label={t("tokens.name")}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            required
            maxLength={80}
          />
          <Select
            label={t("tokens.role")}
            data={ROLES.map((value) => ({ value, label: word("role", value) }))}
            value={role}
            onChange={(value) => setRole((value ?? "reviewer") as Role)}
            allowDeselect={false}
          />
          <NumberInput label={t("tokens.days")} value={days} onChange={setDays} min={1} max={3650} w={110} />
          <Button type="submit" leftSection={<IconKey size={17} />} loading={make.isPending}>
            {t("tokens.make")}
          </Button>
        </Group>
      </form>
      <p className="dim">{word("role.about", role)}</p>
      {make.data && (
        <Alert mt="md" color="moss" title={t("tokens.once", { name: make.data.name })}>
          <Group>
            <span className="mono">{make.data.secret}</span>
            <CopyButton value={make.data.secret}>
              {({ copied, copy }) => (
                <Button size="compact-sm" variant="default" onClick={copy}>
                  {t(copied ? "action.copied" : "action.copy")}
                </Button>
              )}
            </CopyButton>
          </Group>
        </Alert>
      )}
    </Panel>
  );
}
