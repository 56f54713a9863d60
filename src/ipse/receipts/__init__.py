"""Consent receipts: what was allowed, as JSON-LD that others can read and verify, and as a page for people.

A receipt wraps the record that it is of. It knows what a consent says, not where consents are kept.
"""

from ipse.receipts.document import receipt
from ipse.receipts.page import rows, to_html, to_text
from ipse.receipts.proof import proven_by, secured

__all__ = ["proven_by", "receipt", "rows", "secured", "to_html", "to_text"]
