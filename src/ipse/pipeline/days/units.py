"""What starts collecting with the session: a unit of systemd, a launch agent of macOS, a task of Windows.

Only written, never enabled: that is the owner's step. The unit opens the vault by its keyring or agent, for
nothing secret may stand in a file.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

from ipse.vault.files import write_durably

__all__ = ["System", "enabling", "here", "unit", "write_unit"]

System = Literal["systemd", "launchd", "windows"]
PLACES = {
    "systemd": Path(".config/systemd/user/ipse-collect.service"),
    "launchd": Path("Library/LaunchAgents/org.ipse.collect.plist"),
    "windows": Path("AppData/Local/ipse/ipse-collect.xml"),
}


def here() -> System:
    """What this system starts programs with."""
    if sys.platform == "win32":
        return "windows"
    return "launchd" if sys.platform == "darwin" else "systemd"


def enabling(system: System, path: Path) -> str:
    """What its owner types, so that it begins."""
    return {
        "systemd": "systemctl --user enable --now ipse-collect",
        "launchd": f"launchctl bootstrap gui/$(id -u) '{path}'",
        "windows": f'schtasks /Create /TN ipse-collect /XML "{path}"',
    }[system]


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
    if system == "windows":
        return _task(command)
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
    write_durably(path, [unit(system, vault).encode("utf-16" if system == "windows" else "utf-8")])
    return path


def _task(command: list[str]) -> str:
    """A task at one's own logon, which needs no administrator; in the background, without a console."""
    who = escape("\\".join(os.environ.get(name, "") for name in ("USERDOMAIN", "USERNAME")).strip("\\"))
    program, *arguments = command
    quiet = program.removesuffix("python.exe") + "pythonw.exe" if program.endswith("python.exe") else program
    return f"""\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>ipse: collect what this machine does, for its owner alone</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger><Enabled>true</Enabled><UserId>{who}</UserId></LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="owner">
      <UserId>{who}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>9</Priority>
    <RestartOnFailure><Interval>PT1M</Interval><Count>255</Count></RestartOnFailure>
  </Settings>
  <Actions Context="owner">
    <Exec>
      <Command>{escape(quiet)}</Command>
      <Arguments>{escape(subprocess.list2cmdline(arguments))}</Arguments>
    </Exec>
  </Actions>
</Task>
"""


def _systemd(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
