"""Generate the reference pages from the code, or check with ``--check`` that they are not stale."""

import argparse
import json
import sys
from pathlib import Path

import msgspec
import typer.main
from pydantic import SecretStr

from ipse import plugins
from ipse.cli.app import app
from ipse.config import Settings, json_schema
from ipse.datasets import RULES
from ipse.interfaces import Source
from ipse.pipeline.compliance import LINES, SignedReport, asked_by
from ipse.pipeline.manifests import VERSION
from ipse.pipeline.portability import TABLES
from ipse.schemas import WireMessage
from ipse.server.app import assembled

DOCS = Path(__file__).resolve().parents[1] / "docs"
REFERENCE = DOCS / "reference"
CONCEPTS = DOCS / "concepts"
GUIDES = DOCS / "guides" / "exports"
SCOPES = {
    "message": "a message",
    "reply": "a reply",
    "set": "replies of one set",
    "train": "the training set",
}


def cli() -> str:
    """Every command with its arguments and options."""
    lines = ["# Commands", "", "Generated from the code; `make docs` renews it.", ""]
    root = typer.main.get_command(app)
    _command(root, ("ipse",), lines)
    return "\n".join(lines) + "\n"


def _command(command: object, path: tuple[str, ...], lines: list[str]) -> None:
    children = getattr(command, "commands", {})
    depth = "#" * min(len(path) + 1, 4)
    lines += [f"{depth} `{' '.join(path)}`", "", (getattr(command, "help", "") or "").strip(), ""]
    rows = [_parameter(parameter) for parameter in getattr(command, "params", [])]
    if any(rows):
        lines += ["| argument or option | what it does |", "|---|---|", *filter(None, rows), ""]
    for name, child in children.items():
        _command(child, (*path, name), lines)


def _parameter(parameter: object) -> str:
    names = list(getattr(parameter, "opts", [])) + list(getattr(parameter, "secondary_opts", []))
    if "--install-completion" in names or "--show-completion" in names:
        return ""
    label = ", ".join(f"`{name}`" for name in names)
    metavar = getattr(parameter, "metavar", None)
    needed = " (required)" if getattr(parameter, "required", False) else ""
    text = (getattr(parameter, "help", "") or "").replace("|", "\\|")
    return f"| {label}{f' `{metavar}`' if metavar else ''} | {text}{needed} |"


def settings() -> str:
    """Every setting with its default."""
    lines = ["# Settings", "", "Generated from the code; `make docs` renews it.", ""]
    vault = "chosen in the vault (`ipse settings set`, the web app)"
    above = "user file < `ipse.yaml` < environment (`IPSE_SECTION__KEY`) < flags"
    lines += [f"Order: built-in < {vault} < {above}.", ""]
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if not (isinstance(section, type) and hasattr(section, "model_fields")):
            continue
        lines += [
            f"## {name}",
            "",
            (section.__doc__ or "").strip(),
            "",
            "| key | default | what it is |",
            "|---|---|---|",
        ]
        for key, item in section.model_fields.items():
            default = json.dumps(
                item.get_default(call_default_factory=True), ensure_ascii=False, default=_plain
            )
            lines.append(f"| `{key}` | `{default}` | {item.description or ''} |")
        lines.append("")
    return "\n".join(lines)


def _plain(value: object) -> object:
    """A default as JSON can hold it."""
    return str(value) if isinstance(value, SecretStr) else list(value)


def sources() -> str:
    """What each source reads."""
    lines = ["# Sources", "", "Generated from the code; `make docs` renews it.", ""]
    lines += ["| source | reads | names for `--format` |", "|---|---|---|"]
    for source in plugins.sources():
        page = f"[{source.name}](../guides/exports/{source.name}.md)"
        lines.append(f"| {page} | {source.reads} | {', '.join((source.name, *source.aliases))} |")
    lines += ["", "Another one: [my export is not listed](../guides/exports/not-listed.md)."]
    return "\n".join(lines) + "\n"


def guide(source: Source) -> str:
    """The page that `ipse sources guide NAME` shows."""
    mark = "<!-- Generated from src/ipse/sources/guides; `make docs` renews it. -->"
    return f"{mark}\n\n{source.guide().strip()}\n"


def wire() -> str:
    """The wire schema of a message."""
    lines = ["# Messages on the wire", "", "Generated from the code; `make docs` renews it.", ""]
    lines += [
        (WireMessage.__doc__ or "").strip().replace("\n    ", "\n"),
        "",
        "| field | type |",
        "|---|---|",
    ]
    lines += [
        f"| `{name}` | `{WireMessage.__annotations__[name]}` |" for name in WireMessage.__struct_fields__
    ]
    return "\n".join(lines) + "\n"


def compliance(page: Path) -> str:
    """The page on the compliance report with the table of its lines."""
    head, _, rest = page.read_text(encoding="utf-8").partition("<!-- lines")
    mark, _, rest = rest.partition("\n")
    lines = ["| line | articles | what it asks |", "|---|---|---|"]
    for spec in LINES:
        asked = [asked_by(one) for one in spec.needed]
        asked += [f"*{asked_by(one)}*" for one in spec.besides]
        lines.append(f"| **{spec.id}** {spec.title} | {spec.articles} | {'<br>'.join(asked)} |")
    table = "\n".join((*lines, "", "*In italics: besides.*"))
    return f"{head}<!-- lines{mark}\n{table}\n<!-- end{rest.partition('<!-- end')[2]}"


def datasets(page: Path) -> str:
    """The page on datasets with the table of the rules of cleaning."""
    head, _, rest = page.read_text(encoding="utf-8").partition("<!-- rules")
    mark, _, rest = rest.partition("\n")
    lines = ["| rule | looks at | leaves out | setting |", "|---|---|---|---|"]
    for rule in RULES:
        setting = "always applied" if rule.fixed else f"`{rule.setting}`" if rule.setting else ""
        lines.append(f"| `{rule.name}` | {SCOPES[rule.scope]} | {rule.about} | {setting} |")
    table = "\n".join(lines)
    return f"{head}<!-- rules{mark}\n{table}\n<!-- end{rest.partition('<!-- end')[2]}"


def report_schema() -> str:
    """The JSON Schema of a report."""
    return json.dumps(msgspec.json.schema(SignedReport), indent=1) + "\n"


def interface() -> str:
    """The service's OpenAPI document; the TypeScript client is made of it."""
    return json.dumps(assembled().openapi(), indent=1, ensure_ascii=False) + "\n"


def archive() -> str:
    """The tables of `ipse export all`."""
    lines = ["# The export of a vault", "", "Generated from the code; `make docs` renews it.", ""]
    lines += [
        f"What `ipse export all DIR` writes, version {VERSION}: one file a table, as JSON lines, CSV or",
        "Parquet, and `manifest.json`: every file with its SHA-256 (hex), size in bytes and rows, signed",
        "with Ed25519 over the manifest itself as JSON with sorted keys, no spaces and an empty `signature`.",
        "",
        "In CSV, `text` and `time` (ISO 8601) stand as they are; every other cell is JSON. In Parquet,",
        "`json` columns are strings of JSON. Tables marked ● are there only with `--names`.",
        "",
    ]
    for table in TABLES:
        lines += [f"## {table.name}{' ●' if table.named else ''}", "", f"One row is {table.about}.", ""]
        if table.name == "messages":
            lines += ["Columns and types: [messages on the wire](messages.md).", ""]
            continue
        lines += ["| column | kind |", "|---|---|"]
        lines += [f"| `{column.name}` | {column.kind} |" for column in table.columns]
        lines.append("")
    return "\n".join(lines)


def main() -> int:
    """Write the pages, or report which are stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a page is stale")
    check = parser.parse_args().check
    pages = {
        REFERENCE / "cli.md": cli(),
        REFERENCE / "settings.md": settings(),
        REFERENCE / "settings.schema.json": json.dumps(json_schema(), indent=1) + "\n",
        REFERENCE / "sources.md": sources(),
        REFERENCE / "messages.md": wire(),
        REFERENCE / "compliance.schema.json": report_schema(),
        CONCEPTS / "compliance.md": compliance(CONCEPTS / "compliance.md"),
        CONCEPTS / "datasets.md": datasets(CONCEPTS / "datasets.md"),
        REFERENCE / "archive.md": archive(),
        REFERENCE / "openapi.json": interface(),
        **{GUIDES / f"{source.name}.md": guide(source) for source in plugins.sources()},
    }
    stale = []
    for file, text in pages.items():
        name = file.name
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                file.write_text(text, encoding="utf-8")
    if check and stale:
        sys.stderr.write(f"stale: {', '.join(stale)}. Run `make docs`.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
