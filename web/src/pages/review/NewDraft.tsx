/** Asking the clone for a draft: what somebody wrote, and who. */
import { Button, Group, Select, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ok } from "../../client";
import { Dialog } from "../../components/Dialog";
import { Failure } from "../../components/states";
import { useContacts } from "../../hooks/data";
import { useT } from "../../i18n";

export function NewDraft({ opened, close }: { opened: boolean; close: () => void }) {
  const t = useT();
  const client = useQueryClient();
  const contacts = useContacts();
  const [text, setText] = useState("");
  const [contact, setContact] = useState<string | null>(null);
  const make = useMutation({
    mutationFn: () =>
      ok(
        api.POST("/api/drafts", {
          body: { text, message: "", contact, model: "champion", channel: "", recipient: "" },
        }),
      ),
    onSuccess: async () => {
      setText("");
      close();
      await client.invalidateQueries({ queryKey: ["drafts"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Dialog opened={opened} close={close} size="lg" title={t("review.new")}>
      <form className="stack" onSubmit={submit}>
        <p className="dim">{t("review.new.about")}</p>
        <Textarea
          label={t("review.new.text")}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          autosize
          minRows={3}
          dir="auto"
          data-autofocus
          required
        />
        <Select
          label={t("review.new.from")}
          placeholder={t("review.somebody")}
          data={(contacts.data?.items ?? [])
            .filter((one) => one.pseudonym !== "me" && !one.excluded && !one.objected)
            .map((one) => ({ value: one.pseudonym, label: one.name }))}
          value={contact}
          onChange={setContact}
          searchable
          clearable
        />
        {make.error && <Failure error={make.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={make.isPending}>
            {t("review.new.do")}
          </Button>
        </Group>
      </form>
    </Dialog>
  );
}
