"""The headers of every answer, and what pages may load: nothing but the service's own files."""

from typing import Final

__all__ = ["API_POLICY", "DOCS_POLICY", "PAGE_POLICY", "SECURITY_HEADERS", "app_policy"]

_ALWAYS = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

API_POLICY: Final = f"default-src 'none'; {_ALWAYS}"

DOCS_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    f"font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; {_ALWAYS}"
)
"""Swagger and ReDoc write their styles into the page."""

PAGE_POLICY: Final = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; {_ALWAYS}"
"""Of pages that are whole in themselves, such as a scorecard's: no script runs in them."""

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": API_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}


def app_policy(nonce: str) -> str:
    """What the web app's page may load; styles that a component writes bear ``nonce``."""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; font-src 'self'; "
        "img-src 'self' data: blob:; media-src 'self' blob:; "
        "connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
        f"{_ALWAYS}"
    )
