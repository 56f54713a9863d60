"""Put a grown Seedling where ipse carries it: weights, tokenizer, model card, and its hash in the code.

    python tools/ship_seedling.py GROWN TEXT [--beside FOLDER]

``GROWN`` is what ``ipse base grow`` made of ``TEXT``, which ``tools/seedling.py`` wrote. The figures of the
card are measured here, on all that was held out; ``--beside`` measures another base on the same.
"""

import argparse
import json
import re
import shutil
from pathlib import Path
from typing import Any

from ipse.bases import shelf
from ipse.bases.corpora import Corpus, read_corpora
from ipse.bases.folders import check_folder, described, fingerprint
from ipse.bases.growing import Growth
from ipse.bases.growth import Plan, load_checkpoint
from ipse.bases.loading import load_base
from ipse.learners.chat import ChatFormat
from ipse.learners.likelihood import bits_of_windows

__all__ = ["main"]

CODE = Path(shelf.__file__)
KEPT = (
    "model.safetensors",
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
)
MOST_BYTES = 16_000_000

CARD = Path(__file__).with_name("seedling_card.md")


def main() -> None:
    """Measure, copy, write the card, pin the hash."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("grown", type=Path)
    parser.add_argument("text", type=Path)
    parser.add_argument("--beside", type=Path, help="another base, measured on the same text")
    options = parser.parse_args()
    check_folder(options.grown)
    corpora = read_corpora([options.text])
    growth = Growth(corpora, options.grown, _plan(options.grown))
    size = (options.grown / "model.safetensors").stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{size:,} bytes are too many to carry.")
    held = growth.measure()
    beside = _beside(options.beside, corpora) if options.beside else {}
    place = shelf.SEEDLING_FOLDER
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name in KEPT:
        shutil.copyfile(options.grown / name, place / name)
    sources = json.loads((options.text / "SOURCES.json").read_text(encoding="utf-8"))
    card = _card(place, growth, sources, (held, beside, options.beside))
    (place / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    _pin(fingerprint(place))
    print(card)  # noqa: T201  a tool prints


def _plan(grown: Path) -> Plan:
    checkpoint = load_checkpoint(grown / "growth")
    if checkpoint is None:
        raise SystemExit(f"{grown} was not grown here.")
    return checkpoint.standing.plan


def _beside(folder: Path, corpora: tuple[Corpus, ...]) -> dict[str, float]:
    """Bits per byte of the same documents under another base, each as one text."""
    model, tokenizer = load_base(folder)
    chat = ChatFormat(tokenizer, system="", window=model.config.max_position_embeddings)
    out = {}
    for corpus in corpora:
        texts = ["\n".join(said.content for said in document.messages) for document in corpus.held]
        windows = [window for text in texts for window in chat.windows([], text, closed=False)]
        hidden = sum(8 * chat.hidden_bytes(text) for text in texts)
        bits = sum(bits_of_windows(model, windows)) + hidden
        out[corpus.name] = round(bits / sum(len(text.encode()) for text in texts), 4)
    return out


def _card(
    place: Path,
    growth: Growth,
    sources: dict[str, Any],
    figures: tuple[dict[str, float], dict[str, float], Path | None],
) -> str:
    held, beside, other = figures
    base = described(place, name=shelf.SEEDLING, origin="")
    standing, tokens = growth.standing, growth.standing.step * growth.plan.batch
    licences, corpora = sources["sources"], sources["corpora"]
    peer = (
        f"{other.name} is a small model that reads any UTF-8, grown from children's stories.\n"
        if other
        else ""
    )
    return CARD.read_text(encoding="utf-8").format(
        parameters=f"{base.parameters:,}",
        layers=growth.plan.layers,
        hidden=growth.plan.hidden,
        window=growth.plan.context,
        vocabulary=base.vocabulary,
        bytes=f"{base.bytes:,}",
        sha256=base.sha256,
        sources="\n".join(
            f"| {name} | {size['bytes']:,} | {licences[name]} |" for name, size in corpora.items()
        ),
        steps=standing.step,
        batch=growth.plan.batch,
        tokens=f"{tokens / 1e6:.1f}",
        epochs=f"{tokens / growth.stream.tokens:.1f}",
        cycles=" and ".join(f"{cycle:,} steps" for cycle in growth.plan.cycles),
        seed=growth.plan.seed,
        left_out=", ".join(name for names in sources["left out"].values() for name in names),
        beside_head=f" {other.name} |" if other else "",
        beside_rule="---|" if other else "",
        held="\n".join(
            f"| {name} | {bits:.3f} |" + (f" {beside[name]:.3f} |" if beside else "")
            for name, bits in held.items()
        ),
        beside_note=peer,
    )


def _pin(sha256: str) -> None:
    """Write the hash into the code that checks it."""
    code = CODE.read_text(encoding="utf-8")
    pinned, count = re.subn(r'(SEEDLING_SHA256: Final = )"\w*"', rf'\1"{sha256}"', code)
    if count != 1:
        raise SystemExit(f"{CODE} has no place for the hash.")
    CODE.write_text(pinned, encoding="utf-8")


if __name__ == "__main__":
    main()
