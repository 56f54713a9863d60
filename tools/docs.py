"""Generate the reference pages from the code, or check with ``--check`` that they are not stale."""

import argparse
import json
import sys
from pathlib import Path

import typer.main

from ipse import plugins
from ipse.cli.app import app
from ipse.config import Settings, json_schema
from ipse.schemas import WireMessage

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference"


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
    lines += ["Order: built-in < user file < `ipse.yaml` < environment (`IPSE_SECTION__KEY`) < flags.", ""]
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
                item.get_default(call_default_factory=True), ensure_ascii=False, default=list
            )
            lines.append(f"| `{key}` | `{default}` | {item.description or ''} |")
        lines.append("")
    return "\n".join(lines)


def sources() -> str:
    """What each source reads."""
    lines = ["# Sources", "", "Generated from the code; `make docs` renews it.", ""]
    lines += ["| source | reads | names for `--format` |", "|---|---|---|"]
    for source in plugins.sources():
        lines.append(f"| {source.name} | {source.reads} | {', '.join((source.name, *source.aliases))} |")
    return "\n".join(lines) + "\n"


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


def main() -> int:
    """Write the pages, or report which are stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a page is stale")
    check = parser.parse_args().check
    pages = {
        "cli.md": cli(),
        "settings.md": settings(),
        "settings.schema.json": json.dumps(json_schema(), indent=1) + "\n",
        "sources.md": sources(),
        "messages.md": wire(),
    }
    REFERENCE.mkdir(parents=True, exist_ok=True)
    stale = []
    for name, text in pages.items():
        file = REFERENCE / name
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
