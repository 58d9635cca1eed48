"""What a client can ask of a Sony camera, by the names of WIRE.md."""

from collections.abc import Mapping

from lensbus_proto.errors import CommandUnknown
from lensbus_services.driver import Result
from lensbus_services.sony.arguments import Arguments
from lensbus_services.sony.commands.connection import ConnectionCommands
from lensbus_services.sony.commands.files import FileCommands
from lensbus_services.sony.commands.handler import Handler
from lensbus_services.sony.commands.operation import OperationCommands
from lensbus_services.sony.commands.properties import PropertyCommands
from lensbus_services.sony.commands.shooting import ShootingCommands
from lensbus_services.sony.commands.viewing import ViewingCommands
from lensbus_services.sony.liveview import LiveView
from lensbus_services.sony.session import Session


class Commands:
    """The commands of one open camera."""

    def __init__(self, session: Session, live_view: LiveView) -> None:
        self._handlers: Mapping[str, Handler] = {
            **ConnectionCommands(session).table(),
            **PropertyCommands(session).table(),
            **ShootingCommands(session).table(),
            **OperationCommands(session).table(),
            **ViewingCommands(session, live_view).table(),
            **FileCommands(session).table(),
        }

    def execute(self, name: str, arguments: Arguments, deadline_s: float) -> Result:
        """Carry out one command and return its result."""
        handler = self._handlers.get(name)
        if handler is None:
            raise CommandUnknown(f"a Sony camera has no command {name}")
        answer = handler(arguments, deadline_s)
        return answer if isinstance(answer, Result) else Result(answer)
