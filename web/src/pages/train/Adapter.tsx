/** What an adapter learns by: on which base, for how long, and whether this machine can. */
import { Alert, NumberInput, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, ok } from "../../client";
import { Failure, Loaded } from "../../components/states";
import { useFormat, useT } from "../../i18n";
import { Offered } from "./Offered";
import type { Method } from "./Train";

type Held = number | string;
type Options = { base: string | null; epochs: Held; steps: Held; tokens: Held };

export const OPTIONS: Options = { base: null, epochs: 3, steps: 0, tokens: "" };

/** Only what was chosen is said; of tokens the rest is left to what this machine can. */
export function settingsOf({ epochs, steps, tokens }: Options, base: string) {
  return {
    epochs: Number(epochs),
    max_steps: Number(steps),
    ...(tokens === "" ? {} : { total_tokens: Number(tokens) }),
    ...(base ? { base } : {}),
  };
}

function useBases(wanted: boolean) {
  return useQuery({
    queryKey: ["bases"],
    queryFn: () => ok(api.GET("/api/bases")),
    enabled: wanted,
    staleTime: 60_000,
  });
}

/** The base by name: the one chosen here, else the one of the settings. */
export function useNamed(options: Options, wanted: boolean): string {
  const items = useBases(wanted).data?.items ?? [];
  return options.base ?? (items.find((one) => one.chosen) ?? items[0])?.name ?? "";
}

export function Adapter(props: {
  method: Method;
  named: string;
  options: Options;
  set: (options: Options) => void;
}) {
  const { method, named, options, set } = props;
  const t = useT();
  const bases = useBases(true);
  return (
    <>
      <div className="halves">
        <Select
          label={t("train.base")}
          description={t("train.base.about")}
          data={bases.data?.items.map((one) => one.name) ?? []}
          value={named}
          onChange={(base) => set({ ...options, base })}
          allowDeselect={false}
          disabled={!bases.data}
        />
        <NumberInput
          label={t("train.epochs")}
          description={t("train.epochs.about")}
          value={options.epochs}
          onChange={(epochs) => set({ ...options, epochs })}
          min={0.1}
          max={50}
          step={0.5}
        />
        <NumberInput
          label={t("train.tokens")}
          description={t("train.tokens.about")}
          value={options.tokens}
          onChange={(tokens) => set({ ...options, tokens })}
          min={0}
          step={100_000}
          thousandSeparator=","
        />
        <NumberInput
          label={t("train.steps")}
          description={t("train.steps.about")}
          value={options.steps}
          onChange={(steps) => set({ ...options, steps })}
          min={0}
          step={10}
        />
      </div>
      <Offered />
      {bases.error && <Failure error={bases.error} />}
      {named && <Preflight base={named} method={method} tokens={options.tokens} />}
    </>
  );
}

/** Whether it fits here, when a run ends and how long that takes, before anything long begins. */
function Preflight({ base, method, tokens }: { base: string; method: Method; tokens: Held }) {
  const t = useT();
  const format = useFormat();
  const query = useQuery({
    queryKey: ["preflight", base],
    queryFn: () => ok(api.GET("/api/bases/{base}/preflight", { params: { path: { base } } })),
    staleTime: 60_000,
  });
  return (
    <Loaded query={query} lines={2}>
      {(found) => {
        const like = method === "qlora" || method === "full" ? method : "lora";
        const fit = found.fits.find((one) => one.method === like);
        if (!fit) return null;
        const own = tokens !== "";
        const most = own ? Number(tokens) : found.ends_after_tokens;
        const why = own ? (most ? "settings" : "epochs") : found.ends_because;
        const rate = fit.tokens_per_second;
        const can = fit.batch > 0; // less is read at once where not all rows fit
        return (
          <Alert
            color={can ? "moss" : "red"}
            title={t(can ? "train.fits" : "train.unfit", { device: found.device.name })}
          >
            {t("train.device", { why: found.device.why })} {can || `${fit.why_not} `}
            {t("train.memory", { need: format.bytes(fit.total), free: format.bytes(found.device.free) })}{" "}
            {t(`train.ends.${why}`, { n: most })}{" "}
            {most > 0 && rate > 0 && t("train.time", { time: format.seconds(most / rate) })}
          </Alert>
        );
      }}
    </Loaded>
  );
}
