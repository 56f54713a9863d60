"""wlr-foreign-toplevel-management-unstable-v1 for pywayland, which does not bring protocols of wlroots.

What ``pywayland-scanner`` makes of the protocol's XML (Copyright 2018 Ilia Bozhinov, a permissive licence).
Messages are known by their order, so those are here too that nothing here sends.
"""

from typing import Any

from pywayland.protocol.wayland import WlOutput, WlSeat, WlSurface
from pywayland.protocol_core.argument import Argument
from pywayland.protocol_core.globals import Global
from pywayland.protocol_core.interface import Interface
from pywayland.protocol_core.proxy import Proxy
from pywayland.protocol_core.resource import Resource
from pywayland.scanner.argument import ArgumentType

__all__ = ["ZwlrForeignToplevelHandleV1", "ZwlrForeignToplevelManagerV1"]

VERSION = 3


class ZwlrForeignToplevelHandleV1(Interface):
    """A window of any program."""

    name = "zwlr_foreign_toplevel_handle_v1"
    version = VERSION


class ZwlrForeignToplevelManagerV1(Interface):
    """Tells of every window."""

    name = "zwlr_foreign_toplevel_manager_v1"
    version = VERSION


class _HandleProxy(Proxy[ZwlrForeignToplevelHandleV1]):
    interface = ZwlrForeignToplevelHandleV1

    def destroy(self) -> None:
        """Be told of this window no more."""
        self._marshal(7)
        self._destroy()


class _HandleResource(Resource[ZwlrForeignToplevelHandleV1]):
    interface = ZwlrForeignToplevelHandleV1

    def title(self, title: str) -> None:
        """What is written above it."""
        self._post_event(0, title)

    def app_id(self, app_id: str) -> None:
        """Of which program it is."""
        self._post_event(1, app_id)

    def state(self, state: bytes) -> None:
        """Its states, each a number of 32 bits."""
        self._post_event(4, state)

    def done(self) -> None:
        """What was told of it holds from now on."""
        self._post_event(5)

    def closed(self) -> None:
        """It is no more."""
        self._post_event(6)


class _HandleGlobal(Global[ZwlrForeignToplevelHandleV1]):
    interface = ZwlrForeignToplevelHandleV1


class _ManagerProxy(Proxy[ZwlrForeignToplevelManagerV1]):
    interface = ZwlrForeignToplevelManagerV1


class _ManagerResource(Resource[ZwlrForeignToplevelManagerV1]):
    interface = ZwlrForeignToplevelManagerV1

    def toplevel(self, toplevel: Any) -> None:  # noqa: ANN401 - a handle
        """There is another window."""
        self._post_event(0, toplevel)


class _ManagerGlobal(Global[ZwlrForeignToplevelManagerV1]):
    interface = ZwlrForeignToplevelManagerV1


def _named(name: str) -> Any:  # noqa: ANN401 - the library asks a message's function for its name alone
    def message() -> None:
        """One message of the protocol."""

    message.__name__ = name
    return message


def _argument(kind: str, interface: type[Interface] | None = None, *, nullable: bool = False) -> Argument:
    return Argument(getattr(ArgumentType, kind), nullable=nullable, interface=interface)


def _define(interface: Any, requests: dict[str, Any], events: dict[str, Any]) -> None:  # noqa: ANN401
    """Messages in the order of the protocol: name to arguments, a version first where one is needed."""
    for told, register in ((requests, interface.request), (events, interface.event)):
        for name, (version, *arguments) in told.items():
            register(*arguments, version=version)(_named(name))
    interface._gen_c()  # noqa: SLF001 - as all modules of its protocols do


_define(
    ZwlrForeignToplevelHandleV1,
    {
        "set_maximized": (None,),
        "unset_maximized": (None,),
        "set_minimized": (None,),
        "unset_minimized": (None,),
        "activate": (None, _argument("Object", WlSeat)),
        "close": (None,),
        "set_rectangle": (None, _argument("Object", WlSurface), *[_argument("Int")] * 4),
        "destroy": (None,),
        "set_fullscreen": (2, _argument("Object", WlOutput, nullable=True)),
        "unset_fullscreen": (2,),
    },
    {
        "title": (None, _argument("String")),
        "app_id": (None, _argument("String")),
        "output_enter": (None, _argument("Object", WlOutput)),
        "output_leave": (None, _argument("Object", WlOutput)),
        "state": (None, _argument("Array")),
        "done": (None,),
        "closed": (None,),
        "parent": (3, _argument("Object", ZwlrForeignToplevelHandleV1, nullable=True)),
    },
)
_define(
    ZwlrForeignToplevelManagerV1,
    {"stop": (None,)},
    {"toplevel": (None, _argument("NewId", ZwlrForeignToplevelHandleV1)), "finished": (None,)},
)
ZwlrForeignToplevelHandleV1.proxy_class = _HandleProxy
ZwlrForeignToplevelHandleV1.resource_class = _HandleResource
ZwlrForeignToplevelHandleV1.global_class = _HandleGlobal
ZwlrForeignToplevelManagerV1.proxy_class = _ManagerProxy
ZwlrForeignToplevelManagerV1.resource_class = _ManagerResource
ZwlrForeignToplevelManagerV1.global_class = _ManagerGlobal
