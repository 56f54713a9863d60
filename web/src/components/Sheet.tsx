/** A table that scrolls by itself where it is wider than the page, and a way to turn the pages of a long one. */
import { Button, Group, Table } from "@mantine/core";
import type { ReactNode } from "react";
import { useT } from "../i18n";
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
  return (
    <Wide minWidth={props.minWidth}>
      <Table verticalSpacing={8}>
        {props.caption && <Table.Caption>{props.caption}</Table.Caption>}
        <Table.Thead>
          <Table.Tr>
            {props.columns.map((one) => {
              const { label, width, quiet } = typeof one === "string" ? ({ label: one } as Column) : one;
              return (
                <Table.Th key={label} scope="col" w={width}>
                  {quiet ? <span className="sr">{label}</span> : label}
                </Table.Th>
              );
            })}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{props.children}</Table.Tbody>
      </Table>
    </Wide>
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
