"""What starts collecting with the session: a user unit of systemd, or a launch agent of macOS.

Only written, never enabled: that is the owner's step. The unit opens the vault by its keyring or agent, for
nothing secret may stand in a file.
"""

import sys
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

from ipse.vault.files import write_durably

__all__ = ["System", "unit", "write_unit"]

System = Literal["systemd", "launchd"]
PLACES = {
    "systemd": Path(".config/systemd/user/ipse-collect.service"),
    "launchd": Path("Library/LaunchAgents/org.ipse.collect.plist"),
}


def unit(system: System, vault: Path) -> str:
    """The text of the unit that collects for ``vault``."""
    command = [sys.executable, "-m", "ipse", "collect", "start", "--foreground", "--vault", str(vault)]
    if system == "systemd":
        quoted = " ".join(f'"{_systemd(word)}"' for word in command)
        return f"""\
[Unit]
Description=ipse: collect what this machine does, for its owner alone
After=graphical-session.target

[Service]
ExecStart={quoted}
Restart=on-failure
RestartSec=30
Nice=19
MemoryMax=256M
NoNewPrivileges=yes
RestrictAddressFamilies=AF_UNIX

[Install]
WantedBy=default.target
"""
    words = "\n".join(f"    <string>{escape(word)}</string>" for word in command)
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>org.ipse.collect</string>
  <key>ProgramArguments</key>
  <array>
{words}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict><key>SuccessfulExit</key><false/></dict>
  <key>Nice</key>
  <integer>19</integer>
</dict>
</plist>
"""


def write_unit(system: System, vault: Path, home: Path | None = None) -> Path:
    """Write it where the system looks for it; returns the path."""
    path = (home or Path.home()) / PLACES[system]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, [unit(system, vault).encode()])
    return path


def _systemd(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
