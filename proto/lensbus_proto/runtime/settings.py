"""`lensbus.toml` as frozen values, read once at the start of a process and passed down.

Variables override the file: `LENSBUS_GATEWAY_PORT=8090` sets `port` in `[gateway]`,
`LENSBUS_SONY_SIMULATOR_TIME_SCALE=0.1` sets `time_scale` in `[sony.simulator]`. Values of a
variable are written as in TOML; a bare word is text.
"""

import ipaddress
import os
import re
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from lensbus_proto.errors import SettingsError

PREFIX: Final = "LENSBUS_"
ORIGIN: Final = re.compile(r"null|[a-z][a-z0-9+.-]*://[^/\s,]+")


@dataclass(frozen=True, slots=True)
class SystemSettings:
    """Where a system keeps what it writes."""

    state: str = "~/.local/state/lensbus"
    log_level: str = "info"
    log_format: str = "text"


@dataclass(frozen=True, slots=True)
class BusSettings:
    """The ZeroMQ endpoints of the broker, and that of each vendor's discovery.

    `{run}` is the folder `run` in the state folder.
    """

    events: str = "ipc://{run}/events"
    commands: str = "ipc://{run}/commands"
    pictures: str = "ipc://{run}/pictures"
    worker_events: str = "ipc://{run}/worker-events"
    worker_commands: str = "ipc://{run}/worker-commands"
    worker_pictures: str = "ipc://{run}/worker-pictures"
    discovery: str = "ipc://{run}/discovery-{vendor}"


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """How the broker watches over the workers."""

    heartbeat_s: float = 0.5
    silence_s: float = 2.0


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """How much of the past the broker keeps on disk."""

    enabled: bool = True
    max_age_s: float = 86_400.0
    max_events: int = 1_000_000
    max_bytes: int = 268_435_456
    fsync_s: float = 0.2


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How a worker treats its camera and its commands."""

    outbox_events: int = 10_000
    command_threads: int = 4
    stop_s: float = 1.5
    stuck_s: float = 30.0
    steady_s: float = 30.0
    deaths: int = 5


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Where the gateway listens and what it takes from a client."""

    host: str = "127.0.0.1"
    port: int = 8080
    processes: int = 2
    body_limit_bytes: int = 1_048_576
    head_limit_bytes: int = 65_536
    viewers: int = 256
    downloads: int = 32
    requests_per_s: float = 300.0
    connections_per_address: int = 4096


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """Who may use the gateway: tokens, names of this server, pages of other origins."""

    demand: str = "auto"
    insecure: bool = False
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HubSettings:
    """How the gateway treats its SSE clients."""

    ring_events: int = 20_000
    keepalive_s: float = 30.0
    send_buffer_bytes: int = 131_072
    user_timeout_s: float = 20.0
    clients: int = 20_000
    clients_per_address: int = 20_000


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """What has to be there for the system to be ready."""

    cameras: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DiscoverySettings:
    """How often cameras are looked for, and when a missing one loses its worker."""

    interval_s: float = 5.0
    missing_scans: int = 3


@dataclass(frozen=True, slots=True)
class SonySimulatorSettings:
    """Which Sony bodies the simulator plays, and how fast their time runs (0: no waiting)."""

    cameras: tuple[str, ...] = ("ILCE-7M4:D10F60149B0C", "ILME-FX3A:D20FA3C41E57")
    time_scale: float = 1.0
    callback_slots: int = 21


@dataclass(frozen=True, slots=True)
class SonySettings:
    """Sony cameras: the SDK library and where pictures may be saved."""

    enabled: bool = True
    library: str = "simulator"
    save_path: str = "{state}/pictures/{camera}"
    save_roots: tuple[str, ...] = ("{state}/pictures", "~/Pictures")
    enumerate_s: int = 1
    connect_s: float = 15.0
    callback_slots: int = 0
    cameras: tuple[str, ...] = ()
    simulator: SonySimulatorSettings = field(default_factory=SonySimulatorSettings)


@dataclass(frozen=True, slots=True)
class OakSimulatorSettings:
    """Which OAK devices the simulator plays, what they see and how long they boot (0: at once)."""

    cameras: tuple[str, ...] = ("OAK-D-PRO:14442C10D13EABCE00", "OAK-1:14442C1051B665D700")
    scene: str = "discs"
    time_scale: float = 0.0


@dataclass(frozen=True, slots=True)
class OakRecordingSettings:
    """How much of the main stream of each OAK camera is kept as a film (0: nothing)."""

    seconds: float = 0.0
    fps: float = 5.0
    width: int = 960


@dataclass(frozen=True, slots=True)
class OakSettings:
    """OAK cameras: real devices or the simulator, and which streams are on after boot."""

    enabled: bool = True
    backend: str = "simulator"
    active_after_boot: str = "cameras"
    fps: float = 30.0
    jpeg_quality: int = 80
    video_mbit: float = 8.0
    upload_limit_bytes: int = 268_435_456
    addresses: tuple[str, ...] = ()
    replay_sources: tuple[str, ...] = ()
    recording: OakRecordingSettings = field(default_factory=OakRecordingSettings)
    simulator: OakSimulatorSettings = field(default_factory=OakSimulatorSettings)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything in `lensbus.toml`; `deploy/lensbus.toml` explains every key."""

    system: SystemSettings = field(default_factory=SystemSettings)
    bus: BusSettings = field(default_factory=BusSettings)
    broker: BrokerSettings = field(default_factory=BrokerSettings)
    journal: JournalSettings = field(default_factory=JournalSettings)
    worker: WorkerSettings = field(default_factory=WorkerSettings)
    gateway: GatewaySettings = field(default_factory=GatewaySettings)
    access: AccessSettings = field(default_factory=AccessSettings)
    hub: HubSettings = field(default_factory=HubSettings)
    health: HealthSettings = field(default_factory=HealthSettings)
    discovery: DiscoverySettings = field(default_factory=DiscoverySettings)
    sony: SonySettings = field(default_factory=SonySettings)
    oak: OakSettings = field(default_factory=OakSettings)

    @property
    def state(self) -> Path:
        """The state folder, absolute."""
        return Path(self.system.state).expanduser().absolute()

    @property
    def demands_tokens(self) -> bool:
        """Whether a client has to bring a token."""
        if self.access.demand == "always":
            return True
        return not self.access.insecure and not is_loopback(self.gateway.host)

    def endpoint(self, name: str, vendor: str = "") -> str:
        """Return one endpoint of the bus with its folder, and the vendor, filled in."""
        address: str = getattr(self.bus, name)
        return address.format(run=self.state / "run", vendor=vendor)


def is_loopback(host: str) -> bool:
    """Tell whether an address can be reached from its own machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def load(path: Path | None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a file (all defaults without one), overridden by variables.

    Raises SettingsError with the key, its value and what was expected.
    """
    table: dict[str, Any] = {}
    if path is not None:
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path} is not TOML: {error}") from error
    variables = os.environ if environ is None else environ
    _tell_the_new_name(table, variables)
    _override(table, Settings, variables, PREFIX)
    settings = _build(Settings, table, "")
    _check(settings)
    return settings


T = TypeVar("T")


def _build(cls: type[T], table: Mapping[str, Any], where: str) -> T:
    hints = typing.get_type_hints(cls)
    known = {item.name for item in fields(cls)}  # type: ignore[arg-type]  # always a dataclass
    for key in table:
        if key not in known:
            raise SettingsError(f"{where}{key} is not a setting; known here: {sorted(known)}")
    values = {key: _value(hints[key], value, f"{where}{key}") for key, value in table.items()}
    return cls(**values)


def _value(kind: Any, value: Any, key: str) -> Any:
    if isinstance(kind, type) and is_dataclass(kind) and isinstance(value, dict):
        return _build(kind, value, f"{key}.")
    if typing.get_origin(kind) is tuple:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise SettingsError(f"{key} is {value!r}, expected a list of texts")
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise SettingsError(f"{key} is {value!r}, expected {getattr(kind, '__name__', kind)}")
    return value


def _tell_the_new_name(table: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    gateway = table.get("gateway")
    in_file = isinstance(gateway, dict) and "cors_origin" in gateway
    if in_file or f"{PREFIX}GATEWAY_CORS_ORIGIN" in environ:
        raise SettingsError(
            "gateway.cors_origin is access.origins now, a list: without it only pages of the"
            ' gateway itself may read its answers, ["*"] lets all pages'
        )


def _override(table: dict[str, Any], cls: Any, environ: Mapping[str, str], prefix: str) -> None:
    hints = typing.get_type_hints(cls)
    for item in fields(cls):
        name = f"{prefix}{item.name.upper()}"
        if is_dataclass(hints[item.name]):
            _override(table.setdefault(item.name, {}), hints[item.name], environ, f"{name}_")
        elif name in environ:
            table[item.name] = _literal(environ[name], hints[item.name])


def _literal(text: str, kind: Any) -> Any:
    if kind is str:
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _check(settings: Settings) -> None:
    """Refuse values of the right type that cannot work."""
    ranges: tuple[tuple[str, float, float, float], ...] = (
        ("gateway.port", settings.gateway.port, 1, 65535),
        ("gateway.processes", settings.gateway.processes, 1, 64),
        ("gateway.viewers", settings.gateway.viewers, 1, 100_000),
        ("gateway.downloads", settings.gateway.downloads, 1, 10_000),
        ("gateway.requests_per_s", settings.gateway.requests_per_s, 0, 1_000_000),
        ("gateway.connections_per_address", settings.gateway.connections_per_address, 8, 1_000_000),
        ("broker.heartbeat_s", settings.broker.heartbeat_s, 0.05, 60),
        ("broker.silence_s", settings.broker.silence_s, settings.broker.heartbeat_s * 2, 600),
        ("journal.max_age_s", settings.journal.max_age_s, 1, 31_536_000),
        ("journal.max_events", settings.journal.max_events, 16, 1_000_000_000),
        ("journal.max_bytes", settings.journal.max_bytes, 65_536, 2**40),
        ("journal.fsync_s", settings.journal.fsync_s, 0.005, 60),
        ("worker.outbox_events", settings.worker.outbox_events, 1, 10_000_000),
        ("worker.command_threads", settings.worker.command_threads, 1, 64),
        ("worker.stop_s", settings.worker.stop_s, 0.1, 60),
        ("worker.stuck_s", settings.worker.stuck_s, 1, 3600),
        ("worker.steady_s", settings.worker.steady_s, 1, 3600),
        ("worker.deaths", settings.worker.deaths, 1, 1000),
        ("hub.ring_events", settings.hub.ring_events, 16, 10_000_000),
        ("hub.keepalive_s", settings.hub.keepalive_s, 0.1, 30),
        ("hub.user_timeout_s", settings.hub.user_timeout_s, 1, 3600),
        ("hub.clients", settings.hub.clients, 1, 1_000_000),
        ("hub.clients_per_address", settings.hub.clients_per_address, 1, 1_000_000),
        ("discovery.interval_s", settings.discovery.interval_s, 0.1, 3600),
        ("sony.enumerate_s", settings.sony.enumerate_s, 1, 60),
        ("sony.connect_s", settings.sony.connect_s, 0.1, 600),
        ("sony.simulator.time_scale", settings.sony.simulator.time_scale, 0, 100),
        ("oak.fps", settings.oak.fps, 1, 120),
        ("oak.jpeg_quality", settings.oak.jpeg_quality, 1, 100),
        ("oak.recording.seconds", settings.oak.recording.seconds, 0, 3600),
        ("oak.recording.fps", settings.oak.recording.fps, 0.1, 30),
        ("oak.recording.width", settings.oak.recording.width, 16, 3840),
        ("oak.simulator.time_scale", settings.oak.simulator.time_scale, 0, 100),
        ("oak.video_mbit", settings.oak.video_mbit, 0.1, 1000),
        ("oak.upload_limit_bytes", settings.oak.upload_limit_bytes, 1, 2**40),
    )
    for key, value, least, most in ranges:
        if not least <= value <= most:
            raise SettingsError(f"{key} is {value}, expected {least:g} to {most:g}")
    choices = (
        ("system.log_level", settings.system.log_level, ("debug", "info", "warning", "error")),
        ("access.demand", settings.access.demand, ("auto", "always")),
        ("system.log_format", settings.system.log_format, ("text", "json")),
        ("oak.backend", settings.oak.backend, ("simulator", "device")),
        ("oak.active_after_boot", settings.oak.active_after_boot, ("cameras", "color", "none")),
    )
    for name, word, words in choices:
        if word not in words:
            raise SettingsError(f"{name} is {word!r}, expected one of {', '.join(words)}")
    if settings.access.demand == "always" and settings.access.insecure:
        raise SettingsError(
            "access.insecure is True, expected False where access.demand is 'always'"
        )
    for origin in settings.access.origins:
        if origin != "*" and not ORIGIN.fullmatch(origin):
            raise SettingsError(
                f"access.origins has {origin!r}, expected origins as browsers send them, like"
                " 'https://studio.example.org', or '*'"
            )
    if settings.sony.simulator.callback_slots not in (12, 18, 19, 21):
        slots = settings.sony.simulator.callback_slots
        raise SettingsError(f"sony.simulator.callback_slots is {slots}, expected 12, 18, 19 or 21")
