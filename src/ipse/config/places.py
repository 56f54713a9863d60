"""Which hosts are this machine."""

import ipaddress

__all__ = ["on_this_machine"]


def on_this_machine(host: str) -> bool:
    """Whether a name or address of a host, without its port, is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
