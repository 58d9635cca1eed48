"""Connecting, and what is known of a camera without it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from lensbus_services.sony.arguments import Arguments, flag, secret, word
from lensbus_services.sony.codes import MODES
from lensbus_services.sony.commands.handler import Handler, Result
from lensbus_services.sony.session import Session
from lensbus_services.sony.values import Credentials
from lensbus_services.sony.wish import Wish

DEFAULT_MODE: Final = "remote-transfer"


class ConnectionCommands:
    """connect, disconnect, connection, fingerprint, callbacks."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def table(self) -> Mapping[str, Handler]:
        """Return the commands by name."""
        return {
            "connect": self._connect,
            "disconnect": self._disconnect,
            "connection": self._connection,
            "fingerprint": self._fingerprint,
            "callbacks": self._callbacks,
        }

    def _connect(self, arguments: Arguments, _: float) -> Result:
        wish = Wish(word(arguments, "mode", MODES, DEFAULT_MODE), flag(arguments, "reconnecting"))
        login = Credentials(
            username=secret(arguments, "username"),
            password=secret(arguments, "password"),
            fingerprint=secret(arguments, "fingerprint"),
        )
        session = self._session
        already = session.connect(wish, login)
        if not already:
            session.when_given_up()  # what was wished before
        return {"mode": (session.wish or wish).mode, "already": already}

    def _disconnect(self, _: Arguments, __: float) -> Result:
        return {"already": self._session.disconnect()}

    def _connection(self, _: Arguments, __: float) -> Result:
        session = self._session
        wish = session.wish if session.is_connected else None
        return {
            "connected": session.is_connected,
            "mode": wish.mode if wish else None,
            "model": session.found.model,
            "wished": session.is_wished,
        }

    def _fingerprint(self, _: Arguments, __: float) -> Result:
        has_ssh, fingerprint = self._session.fingerprint()
        return {
            "ssh_supported": has_ssh,
            "fingerprint": fingerprint or None,
            "length": len(fingerprint),
        }

    def _callbacks(self, _: Arguments, __: float) -> Result:
        return asdict(self._session.callbacks())
