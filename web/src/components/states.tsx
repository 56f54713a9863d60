/** What a page shows while it waits, when there is nothing, and when something went wrong. */
import { Alert, Button, Skeleton } from "@mantine/core";
import { IconAlertTriangle, IconFileImport, IconRefresh, type TablerIcon } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { isRouteErrorResponse, Link, useRouteError } from "react-router";
import { Problem, Unreachable } from "../client/problem";
import { useT } from "../i18n";
import classes from "./states.module.css";

export function Waiting({ lines = 4 }: { lines?: number }) {
  const t = useT();
  return (
    <div role="status" aria-label={t("state.loading")} className={classes.waiting}>
      <Skeleton height={28} width="38%" radius="md" />
      {Array.from({ length: lines }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: bare lines have nothing else
        <Skeleton key={i} height={14} width={`${92 - ((i * 17) % 40)}%`} radius="md" />
      ))}
    </div>
  );
}

export function Empty(props: { icon: TablerIcon; title: string; children?: ReactNode; action?: ReactNode }) {
  const Icon = props.icon;
  return (
    <div className={classes.empty}>
      <span className={classes.disc}>
        <Icon size={30} stroke={1.4} aria-hidden />
      </span>
      <h2 className={classes.title}>{props.title}</h2>
      {props.children && <p className={classes.text}>{props.children}</p>}
      {props.action}
    </div>
  );
}

/** Where nothing is here because no message was brought in. */
export function BringIn() {
  const t = useT();
  return (
    <Button component={Link} to="/sources" leftSection={<IconFileImport size={17} />}>
      {t("action.import")}
    </Button>
  );
}

export function useSaid() {
  const t = useT();
  return (error: unknown): { title: string; text: string } => {
    if (error instanceof Unreachable)
      return { title: t("error.unreachable"), text: t("error.unreachable.text") };
    if (error instanceof Problem) {
      const title = error.message || t("error.status", { status: error.status });
      return { title, text: error.hint };
    }
    return { title: t("error.bug"), text: error instanceof Error ? error.message : "" };
  };
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const t = useT();
  const { title, text } = useSaid()(error);
  return (
    <Alert role="alert" color="red" variant="light" icon={<IconAlertTriangle />} title={title}>
      {text && <p className={classes.text}>{text}</p>}
      {retry && (
        <Button mt="sm" size="xs" variant="default" leftSection={<IconRefresh size={15} />} onClick={retry}>
          {t("state.retry")}
        </Button>
      )}
    </Alert>
  );
}

/** A query as it is: waiting, failed, or what it found. */
export function Loaded<T>(props: {
  query: UseQueryResult<T>;
  lines?: number;
  children: (data: T) => ReactNode;
}) {
  const { query } = props;
  if (query.data !== undefined) return props.children(query.data);
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return <Waiting lines={props.lines} />;
}

/** A list as it is: waiting, failed, with nothing in it, or its items. */
export function Listed<Whole extends { items: readonly unknown[] }>(props: {
  query: UseQueryResult<Whole>;
  lines?: number;
  empty: Parameters<typeof Empty>[0];
  children: (items: Whole["items"], whole: Whole) => ReactNode;
}) {
  return (
    <Loaded query={props.query} lines={props.lines}>
      {(whole) => (whole.items.length ? props.children(whole.items, whole) : <Empty {...props.empty} />)}
    </Loaded>
  );
}

/** Where a route failed to load or a page broke. */
export function Broken() {
  const t = useT();
  const error = useRouteError();
  if (isRouteErrorResponse(error) && error.status === 404) {
    return <Failure error={new Problem(404, { title: t("error.nowhere") })} />;
  }
  return <Failure error={error} retry={() => window.location.reload()} />;
}
