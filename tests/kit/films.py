"""Films for tests: a few pictures of one shade each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np

SHADES = (20, 80, 140, 200, 250)


def film(
    path: Path, shades: Sequence[int] = SHADES, fps: int = 10, size: tuple[int, int] = (192, 108)
) -> Path:
    """Write a film; what is in it follows from its suffix."""
    width, height = size
    codec = "libvpx" if path.suffix == ".webm" else "libx264"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for shade in shades:
            picture = np.full((height, width, 3), shade, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
    return path
