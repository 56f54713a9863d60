"""The main job from end to end, on a made-up person: import, prepare, train, judge, answer.

Every step is a command that anyone can run; this script prints it and runs it. Nothing leaves `.demo/`.
"""

import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / ".demo"
EXPORTS = Path("examples/demo/exports")
ME = ("Tilda Marwede", "tilda.marwede@example.org", "tilda")
STEPS = "30"  # of the adapter: enough to see it learn
WORTH = f"""
{STEPS} steps on five million parameters make her manner likelier (dev_bits_base against dev_bits above,
in bits a byte), and no sense yet: so nothing speaks by default but what its scorecard lets. A base that
has read more does better: docs/guides/adapters.md"""
ASKED = (
    ("Gareth", "Are you coming to rehearsal on Thursday?"),
    ("Mama", "Kommst du am Sonntag zum Essen?"),
    ("Priya", "How was your day?"),
)


def say(text: str) -> None:
    """A heading between the steps."""
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def ipse(*words: str) -> None:
    """Run one command of ipse and show it first; a command that fails ends the demo with its exit code."""
    print(f"$ ipse {shlex.join(words)}", flush=True)
    done = subprocess.run(
        [Path(sys.executable).with_name("ipse"), *words], cwd=ROOT, env=environment(), check=False
    )
    if done.returncode:
        sys.exit(done.returncode)


def environment() -> dict[str, str]:
    """The demo's own vault and passphrase, and nobody's settings."""
    own = {
        "IPSE_VAULT": ".demo/vault",
        "IPSE_PASSPHRASE": "a passphrase for the demo only",
        "XDG_CONFIG_HOME": str(DEMO / "config"),
    }
    own |= {"IPSE_LORA__MAX_STEPS": STEPS}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IPSE_")}
    return {**kept, **own}


def main() -> None:
    """Walk through it."""
    started = time.monotonic()
    shutil.rmtree(DEMO, ignore_errors=True)
    DEMO.mkdir()
    say("1. A vault, encrypted, on this machine (the passphrase comes from IPSE_PASSPHRASE here)")
    ipse("init", "--yes")
    say("2. Consent: without it no byte of an export is read")
    for source in ("whatsapp", "gmail", "reflections"):
        ipse("consent", "give", "--source", source, "--purpose", "archive", "--purpose", "style", "--yes")
    say("3. Three kinds of exports of Tilda, who does not exist")
    ipse("import", str(EXPORTS), *(word for name in ME for word in ("--me", name)), "--tz", "Europe/London")
    say("4. A dataset: frozen, split by time, with a card")
    ipse("prepare")
    say("5. The embedded voice: an encoder trained on her own pairs, no weights needed")
    ipse("train")
    say("6. How good is it? Judged on what it never saw")
    ipse("evaluate", "--out", ".demo", "--samples")
    say("7. Three answers")
    for contact, text in ASKED:
        ipse("answer", text, "--contact", contact)
    if "--no-adapter" not in sys.argv[1:]:
        say("8. An adapter on the Seedling, the small language model that comes with ipse")
        ipse("train", "--method", "lora")
        for contact, text in ASKED:
            ipse("answer", text, "--contact", contact, "--model", "v2")
        print(WORTH)
    say(f"Done in {time.monotonic() - started:.0f} s.")
    print("The vault: .demo/vault (passphrase: 'a passphrase for the demo only')")
    print(f"The scorecard: {DEMO / 'scorecard-v1.html'}")
    print("Go on with yourself: docs/guides/first-clone.md")


if __name__ == "__main__":
    main()
