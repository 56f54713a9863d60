"""The compliance report: what the vault can show of eighteen lines of data protection, and what it cannot.

It is no legal advice. Each line is computed from what is in the vault; :mod:`.lines` lists them.
"""

from ipse.pipeline.compliance.lines import LINES, asked_by, known_line
from ipse.pipeline.compliance.report import Verified, accept_impact, compliance, impact, verify, write
from ipse.pipeline.compliance.results import Report, SignedReport

__all__ = [
    "LINES",
    "Report",
    "SignedReport",
    "Verified",
    "accept_impact",
    "asked_by",
    "compliance",
    "impact",
    "known_line",
    "verify",
    "write",
]
