"""Tiny models that depthai can read: blobs for RVC2 and archives, made here byte by byte."""

import io
import json
import struct
import tarfile
from collections.abc import Sequence
from typing import Any

MAGIC = 9709
ELF_BYTES = 52
HEADER = struct.Struct("<20I")
U8, FP16 = 1, 0
NCHW, NC = 0x4321, 0x21
DATA_BYTES = 2  # of a number in FP16

# Name, type, order, and dimensions from the innermost to the outermost.
Tensor = tuple[str, int, int, tuple[int, ...]]
IMAGE: Tensor = ("data", U8, NCHW, (300, 200, 3, 1))
SEVEN: Tensor = ("seven", FP16, NC, (7, 1))
MORE: Tensor = ("a_later_layer", FP16, NCHW, (4, 5, 1, 1))


def blob(inputs: Sequence[Tensor] = (IMAGE,), outputs: Sequence[Tensor] = (SEVEN, MORE)) -> bytes:
    """Return a blob without any stage: what goes in, what comes out, and nothing in between."""
    const = b""
    sections = []
    for group in (inputs, outputs):
        section, place = b"", 0
        for number, (name, kind, order, dims) in enumerate(group):
            spelled = name.encode() + b"\0"
            spelled += b"\0" * (-len(spelled) % 4)
            section += struct.pack("<IiI", number, place, len(spelled)) + spelled
            sizes, strides = len(const), len(const) + 4 * len(dims)
            section += struct.pack("<IIIIIII", kind, order, len(dims), 3, sizes, 3, strides)
            const += struct.pack(f"<{2 * len(dims)}I", *dims, *([1] * len(dims)))
            place += DATA_BYTES * len(dims)
        sections.append(section)
    begin = ELF_BYTES + HEADER.size
    outputs_at = begin + len(sections[0])
    const_at = outputs_at + len(sections[1])
    whole = const_at + len(const)
    counts = (len(inputs), len(outputs), 0, 0, 0, 1, 0, 4, 4, 0, 0, 0)
    places = (begin, outputs_at, const_at, const_at)
    header = HEADER.pack(MAGIC, whole, 6, 0, *counts, *places)
    return b"\x7fELF".ljust(ELF_BYTES, b"\0") + header + b"".join(sections) + const


def head(*labels: str, threshold: float = 0.5) -> dict[str, Any]:
    """Return the head of a detector with these classes."""
    return {
        "parser": "YOLO",
        "outputs": ["seven"],
        "metadata": {
            "classes": list(labels),
            "n_classes": len(labels),
            "iou_threshold": 0.5,
            "conf_threshold": threshold,
            "max_det": 30,
            "subtype": "yolov6",
        },
    }


def archive(
    *heads: dict[str, Any],
    content: bytes | None = None,
    packing: str = "xz",
    shape: Sequence[int] = (1, 7),
    **config: Any,
) -> bytes:
    """Return an NNArchive around a blob; `config` replaces members of its description."""
    mean = {"mean": [0, 0, 0], "scale": [1, 1, 1], "reverse_channels": False}
    described = {
        "config_version": "1.0",
        "model": {
            "metadata": {"name": "tiny", "path": "tiny.blob", "precision": "float16"},
            "inputs": [
                {
                    "name": "data",
                    "dtype": "uint8",
                    "input_type": "image",
                    "shape": [1, 3, 200, 300],
                    "layout": "NCHW",
                    "preprocessing": mean | {"interleaved_to_planar": False},
                }
            ],
            "outputs": [{"name": "seven", "dtype": "float16", "shape": list(shape)}],
            "heads": list(heads),
        },
    }
    files = {
        "config.json": json.dumps(described | config).encode(),
        "tiny.blob": blob() if content is None else content,
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=f"w:{packing}") as tar:  # type: ignore[call-overload]  # as typeshed names modes
        for name, packed_in in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(packed_in)
            tar.addfile(entry, io.BytesIO(packed_in))
    return packed.getvalue()
