/** A table that stands row by row on a phone, and ways to turn the pages of a long one. */
import { Button, Group, Table } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useT } from "../i18n";
import classes from "./Sheet.module.css";
import { Wide } from "./Wide";

export type Column = {
  label: string;
  width?: number | string /** For screen readers alone. */;
  quiet?: boolean;
};

export function Sheet(props: {
  minWidth: number;
  columns: (string | Column)[];
  caption?: ReactNode;
  children: ReactNode;
}) {
  const columns = props.columns.map((one): Column => (typeof one === "string" ? { label: one } : one));
  // What a cell is, for where the head of its column cannot be seen.
  const names = columns.map(({ label, quiet }, i) => [`--c${i + 1}`, quiet ? '""' : JSON.stringify(label)]);
  return (
    <Wide minWidth={props.minWidth} className={classes.wide}>
      <Table verticalSpacing={8} className={classes.sheet} style={Object.fromEntries(names)}>
        {props.caption && <Table.Caption className={classes.caption}>{props.caption}</Table.Caption>}
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ label, width, quiet }) => (
              <Table.Th key={label} scope="col" w={width}>
                {quiet ? <span className="sr">{label}</span> : label}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{props.children}</Table.Tbody>
      </Table>
    </Wide>
  );
}

/** Back and on in time, the older to the side where reading begins. */
export function Steps(props: {
  older?: (() => void) | false;
  newer?: (() => void) | false;
  children?: ReactNode;
}) {
  const t = useT();
  const { older, newer, children } = props;
  return (
    <Group gap="xs" justify="space-between" wrap="nowrap">
      <Button
        size="xs"
        variant="default"
        leftSection={<IconChevronLeft size={15} className="flips" />}
        disabled={!older}
        onClick={older || undefined}
      >
        {t("audit.older")}
      </Button>
      {children && <span className="dim">{children}</span>}
      <Button
        size="xs"
        variant="default"
        rightSection={<IconChevronRight size={15} className="flips" />}
        disabled={!newer}
        onClick={newer || undefined}
      >
        {t("audit.newer")}
      </Button>
    </Group>
  );
}

/** Newer and older by cursors; `before` are those of the pages turned so far. */
export function Turn(props: {
  before: string[];
  next?: string | null;
  turn: (before: string[]) => void;
  children: ReactNode;
}) {
  const t = useT();
  const { before, next, turn } = props;
  return (
    <Group mt="md" justify="space-between">
      <Button size="xs" variant="default" disabled={!before.length} onClick={() => turn(before.slice(0, -1))}>
        {t("audit.newer")}
      </Button>
      <span className="dim">{props.children}</span>
      <Button size="xs" variant="default" disabled={!next} onClick={() => next && turn([...before, next])}>
        {t("audit.older")}
      </Button>
    </Group>
  );
}
