"""Gates: what is on is decided by them, for a graph that runs cannot be changed."""

from dataclasses import dataclass
from typing import Any

from lensbus_services.oak.sdk import dai


@dataclass(slots=True)
class Gate:
    """One output of the device: its valve and the queue behind it."""

    valve: Any
    queue: Any
    is_open: bool = False

    def set(self, is_open: bool) -> None:
        """Open or close for good."""
        if is_open != self.is_open:
            control = dai.GateControl
            self.valve.send(control.openGate() if is_open else control.closeGate())
            self.is_open = is_open

    def let_one(self) -> None:
        """Let one frame through."""
        self.valve.send(dai.GateControl.openGate(1))


def gate_node(pipeline: Any, output: Any) -> Any:
    """Return a new gate behind an output, closed."""
    node = pipeline.create(dai.node.Gate)
    node.initialConfig.open = False
    output.link(node.input)
    return node


def queue_of(output: Any) -> Any:
    """Return a queue that holds the newest message of an output."""
    return output.createOutputQueue(maxSize=1, blocking=False)
