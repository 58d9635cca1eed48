"""A simulated OAK camera on a real bus behind a real gateway, all in threads of this process."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import websockets.sync.client
from websockets.sync.client import ClientConnection

from kit.bus import RunningWorker, bus_settings, running_broker, running_worker, short_folder
from kit.gateway import RunningGateway, running_gateway
from kit.processes import wait_for
from lensbus_gateway.robopipe.routes import routes
from lensbus_proto.runtime.settings import OakSettings, OakSimulatorSettings, Settings
from lensbus_services.oak.driver import OakDriver

PRO = "14442C10D13EABCE00"
STREAMS = f"/cameras/{PRO}/streams"


@dataclass
class OakRig:
    """The camera's worker, and the gateways through which it is seen."""

    settings: Settings
    worker: RunningWorker
    gateways: list[RunningGateway]
    client: httpx.Client

    def url(self, path: str, scheme: str = "http", gateway: int = 0) -> str:
        host, port = self.gateways[gateway].address
        return f"{scheme}://{host}:{port}{path}"

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.client.request(method, self.url(path), **more)

    def switch(self, *streams: str) -> None:
        """Have exactly these streams on."""
        listed = {each["name"]: each["active"] for each in self.ask("GET", f"{STREAMS}/").json()}
        for name, active in listed.items():
            if active and name not in streams:
                assert self.ask("DELETE", f"{STREAMS}/{name}/").status_code == 202
        for name in streams:
            assert self.ask("POST", f"{STREAMS}/{name}/").status_code == 201

    def video(
        self, stream: str, query: str = "", gateway: int = 0, **more: Any
    ) -> ClientConnection:
        return self.socket(f"{STREAMS}/{stream}/video{query}", gateway, **more)

    def socket(self, path: str, gateway: int = 0, **more: Any) -> ClientConnection:
        url = self.url(path, "ws", gateway)
        # With a full queue its client would not read the answer to its own goodbye.
        limits = {"max_size": None, "max_queue": None, "close_timeout": 1, **more}
        return websockets.sync.client.connect(url, proxy=None, compression=None, **limits)


@contextmanager
def oak_rig(gateways: int = 1, viewers: int = 256, **oak_settings: Any) -> Iterator[OakRig]:
    """Yield an OAK-D-PRO with all sensors on; pages of any origin may use it."""
    with ExitStack() as stack:
        made = bus_settings(stack.enter_context(short_folder()))
        oak = OakSettings(simulator=OakSimulatorSettings((f"OAK-D-PRO:{PRO}",)), **oak_settings)
        settings = replace(
            made,
            oak=oak,
            gateway=replace(made.gateway, viewers=viewers),
            access=replace(made.access, origins=("*",)),
        )
        stack.enter_context(running_broker(settings))
        driver = OakDriver(PRO, settings.oak, settings.state)
        worker = stack.enter_context(running_worker(settings, PRO, driver))
        running = [stack.enter_context(running_gateway(settings, routes)) for _ in range(gateways)]
        client = stack.enter_context(httpx.Client(trust_env=False, timeout=20))
        rig = OakRig(settings, worker, running, client)
        wait_for(lambda: rig.ask("GET", f"/cameras/{PRO}/").status_code == 200)
        yield rig
