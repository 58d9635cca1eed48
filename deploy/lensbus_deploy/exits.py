"""How the command `lensbus` ends: exit codes, and the failure that carries one of them."""

from enum import IntEnum


class Code(IntEnum):
    """The exit codes of every command. They are part of the interface: scripts rely on them."""

    DONE = 0
    FAILED = 1  # the system or the camera said no, or what came back is wrong
    WRONG_USE = 2  # the command line or lensbus.toml cannot be right
    UNREACHABLE = 3  # no system answers there
    UNKNOWN = 4  # there is no such camera, stream, property or file
    NOT_READY = 5  # it is there, but not connected, switched off, busy or lost
    FORBIDDEN = 6  # the system wants a token, or one with more rights


class Failure(Exception):
    """Ends the command with one sentence that says what is wrong and what to do next."""

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
