/** The little Markdown that our guides use: headings, paragraphs, lists, code and emphasis. No markup passes through. */
import type { ReactNode } from "react";

const INLINE = /(`[^`]+`|\*\*[^*]+\*\*|\*[^*]+\*|\[[^\]]+\]\([^)]+\))/;

function inline(text: string): ReactNode[] {
  return text.split(INLINE).map((part, i) => {
    const key = `${i}${part}`;
    if (/^`.+`$/.test(part)) return <code key={key}>{part.slice(1, -1)}</code>;
    if (/^\*\*.+\*\*$/.test(part)) return <strong key={key}>{part.slice(2, -2)}</strong>;
    if (/^\*.+\*$/.test(part)) return <em key={key}>{part.slice(1, -1)}</em>;
    const link = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(part);
    return link ? <span key={key}>{link[1]}</span> : part;
  });
}

export function Markdown({ text }: { text: string }) {
  const blocks = text.split(/\n{2,}/).filter((block) => block.trim());
  return blocks.map((block, i) => {
    const key = `${i}${block.slice(0, 20)}`;
    const lines = block.split("\n");
    const heading = /^#{1,6}\s+(.*)$/.exec(lines[0] ?? "");
    if (heading && lines.length === 1) return <h4 key={key}>{inline(heading[1] ?? "")}</h4>;
    if (lines.every((line) => /^ {4}/.test(line)))
      return <pre key={key}>{lines.map((line) => line.slice(4)).join("\n")}</pre>;
    if (/^\s*([-*]|\d+\.)\s/.test(lines[0] ?? "")) {
      const items = block
        .split(/\n(?=\s*(?:[-*]|\d+\.)\s)/)
        .map((item) => item.replace(/^\s*([-*]|\d+\.)\s+/, ""));
      return (
        <ul key={key}>
          {items.map((item) => (
            <li key={item}>{inline(item)}</li>
          ))}
        </ul>
      );
    }
    return <p key={key}>{inline(block)}</p>;
  });
}
