import { Card, Title } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./Page.module.css";

/** A page: what it is, one line on what it is for, what can be done here. */
export function Page(props: { title: string; lead?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <div>
          <Title order={1}>{props.title}</Title>
          {props.lead && <p className={classes.lead}>{props.lead}</p>}
        </div>
        {props.actions && <div className={classes.actions}>{props.actions}</div>}
      </div>
      {props.children}
    </div>
  );
}

/** One thing on a page, with its name. */
export function Panel(props: {
  title?: ReactNode;
  about?: ReactNode;
  actions?: ReactNode;
  children?: ReactNode;
  tone?: "plain" | "machine";
}) {
  return (
    <Card component="section" className={props.tone === "machine" ? classes.machine : classes.panel}>
      {(props.title || props.actions) && (
        <div className={classes.top}>
          <div>
            {props.title && <h2 className={classes.name}>{props.title}</h2>}
            {props.about && <p className={classes.about}>{props.about}</p>}
          </div>
          {props.actions && <div className={classes.actions}>{props.actions}</div>}
        </div>
      )}
      {props.children}
    </Card>
  );
}

/** A figure and what it counts. */
export function Figure({ value, label, note }: { value: ReactNode; label: string; note?: ReactNode }) {
  return (
    <div className={classes.figure}>
      <span className={classes.value}>{value}</span>
      <span className={classes.label}>{label}</span>
      {note && <span className={classes.note}>{note}</span>}
    </div>
  );
}
