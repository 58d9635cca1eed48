"""Where pictures may be saved: only below the folders that the settings name."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lensbus_proto.errors import BadArguments, CameraError
from lensbus_proto.runtime.settings import SonySettings
from lensbus_services.folders import open_folder
from lensbus_services.sony.codes import AUTO_NUMBER
from lensbus_services.sony.incoming import Incoming

INCOMING: Final = ".incoming"  # no client can name it


@dataclass(frozen=True, slots=True)
class SaveInfo:
    """What the SDK was told about files for the host; number -1: the camera counts."""

    path: Path
    prefix: str = ""
    start_number: int = AUTO_NUMBER


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one camera: where it saves unless told otherwise, and where it may."""

    camera: str
    default: Path
    roots: tuple[Path, ...]
    settings: Path  # of the files with the camera's settings

    @classmethod
    def of(cls, settings: SonySettings, state: Path, camera: str) -> "Places":
        """Return the folders that the settings name, filled in for a camera."""

        def fill(text: str) -> Path:
            filled = text.replace("{state}", str(state)).replace("{camera}", camera)
            return Path(filled).expanduser().absolute()

        return cls(
            camera=camera,
            default=fill(settings.save_path),
            roots=tuple(map(fill, settings.save_roots)),
            settings=state / "camera_settings" / camera,
        )

    def prepare_default(self) -> Path:
        """Return the folder to save in unless told otherwise; it exists after that."""
        try:
            self.default.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CameraError(f"{self.default} cannot be created: {error.strerror}") from error
        return self.default

    def prepare(self, field: str, value: str) -> Path:
        """Return the folder that a client names, with links resolved; it exists after that.

        BadArguments when it lies below none of the roots.
        """
        folder = self._resolve(field, value)
        try:
            root = self._root_of(folder)
            root.mkdir(parents=True, exist_ok=True)
            with open_folder(root, folder):
                return folder
        except OSError as error:
            raise BadArguments.of(
                field, value, f"a folder that can be made ({error.strerror})"
            ) from error

    def existing(self, field: str, value: str) -> Path:
        """Return a file that a client names, with links resolved.

        BadArguments when it is none, or lies below none of the roots.
        """
        file = self._resolve(field, value)
        if not file.is_file():
            raise BadArguments.of(field, value, "the path of a file")
        return file

    def incoming(self, folder: Path) -> Incoming:
        """Return the folder that the SDK shall write into for files that end up in this one.

        It lies below the same root, so that a life that follows finds what this one left; but a
        file is given its name in one step only within one disk.
        """
        folder = folder.resolve()
        root = self._root_of(folder)
        if folder.stat().st_dev != root.stat().st_dev:
            root = folder
        return Incoming(root, root / INCOMING / self.camera)

    def incoming_settings(self) -> Incoming:
        """Return the same for files with the camera's settings."""
        return Incoming(self.settings, self.settings / INCOMING)

    def sweep(self) -> list[str]:
        """Remove what an earlier life of the worker left half done; return the names."""
        roots = dict.fromkeys([*self._resolved_roots(), self._root_of(self.default.resolve())])
        left = [Incoming(root, root / INCOMING / self.camera).sweep() for root in roots]
        return [name for names in (*left, self.incoming_settings().sweep()) for name in names]

    def _resolved_roots(self) -> list[Path]:
        return [root.resolve() for root in self.roots]

    def _root_of(self, folder: Path) -> Path:
        """Return the root that a folder lies below: of the default, if need be, itself."""
        roots = self._resolved_roots()
        return next((root for root in roots if folder.is_relative_to(root)), folder)

    def _resolve(self, field: str, value: str) -> Path:
        expected = f"an absolute path below {' or '.join(map(str, self.roots))}"
        try:
            path = Path(value)
            if path.is_absolute():
                folder = path.resolve()
                below = any(folder.is_relative_to(root) for root in self._resolved_roots())
                if below and INCOMING not in folder.parts:
                    return folder
        # A NUL, a name that is too long, or links in a circle.
        except (OSError, ValueError, RuntimeError) as error:
            raise BadArguments.of(field, value, expected) from error
        raise BadArguments.of(field, value, expected)


def check_prefix(prefix: str) -> str:
    """Return the prefix of file names if it can be one: it must not lead out of the folder."""
    if len(prefix) > 64 or not prefix.isprintable() or "/" in prefix or prefix.startswith("."):
        raise BadArguments.of("prefix", prefix, "at most 64 characters, no slash, no leading dot")
    return prefix
