"""Fragmented MP4 of one H.264 track: ISO/IEC 14496-12 and -15, as much as live video needs.

Every fragment holds one picture that needs no other. A player gets the beginning once, then any
fragments in their order. Bytes in, bytes out.
"""

from dataclasses import dataclass
from typing import Final

TRACK: Final = 1
_MATRIX: Final = b"".join(
    number.to_bytes(4) for number in (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
)
_UND: Final = (0x55C4).to_bytes(2)  # the language "und", packed
_DPI: Final = (72 << 16).to_bytes(4)
_ALONE: Final = (0x02000000).to_bytes(4)  # a sample that depends on no other
_SPS, _PPS, _DELIMITER = 7, 8, 9
_START: Final = b"\0\0\1"


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One encoded picture: the parameter sets that it needs, and its data in NAL units."""

    sps: bytes
    pps: bytes
    units: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Track:
    """What the beginning says of the video; `timescale` is units of time in a second."""

    sps: bytes
    pps: bytes
    width: int
    height: int
    timescale: int


def read_access_unit(annex_b: bytes) -> AccessUnit:
    """Return what is in an access unit; ValueError if a decoder could not begin with it."""
    sps = pps = b""
    units = []
    for unit in _units(annex_b):
        kind = unit[0] & 0x1F
        if kind == _SPS:
            sps = unit
        elif kind == _PPS:
            pps = unit
        elif kind != _DELIMITER:
            units.append(unit)
    if len(sps) < 4 or not pps or not units:
        raise ValueError("no access unit that can be decoded by itself")
    return AccessUnit(sps, pps, tuple(units))


def _units(annex_b: bytes) -> list[bytes]:
    # Zeros before a start code belong to it; a NAL unit never ends in one.
    found = (unit.rstrip(b"\0") for unit in annex_b.split(_START)[1:])
    return [unit for unit in found if unit]


def beginning(track: Track) -> bytes:
    """Return what comes before all fragments: `ftyp` and `moov`."""
    return _box(b"ftyp", b"iso5", _u32(512), b"iso5iso6mp41") + _box(
        b"moov",
        _full(b"mvhd", 0, 0, bytes(8), _u32(1000), bytes(4), _u32(0x10000), b"\x01\0", bytes(10)
              + _MATRIX + bytes(24) + _u32(TRACK + 1)),
        _trak(track),
        _box(b"mvex", _full(b"trex", 0, 0, _u32(TRACK), _u32(1), bytes(12))),
    )  # fmt: skip


def fragment(number: int, time: int, duration: int, picture: AccessUnit) -> bytes:
    """Return one picture, to be shown at a time for a duration, in units of the track's."""
    data = b"".join(_u32(len(unit)) + unit for unit in picture.units)
    # Offsets count from the first byte of `moof`, whose size does not depend on the values.
    head = _moof(number, time, duration, len(data), 0)
    return _moof(number, time, duration, len(data), len(head) + 8) + _box(b"mdat", data)


def _moof(number: int, time: int, duration: int, size: int, offset: int) -> bytes:
    base_is_moof, has_defaults = 0x020000, 0x38  # sample duration, size and flags
    return _box(
        b"moof",
        _full(b"mfhd", 0, 0, _u32(number & 0xFFFFFFFF)),
        _box(
            b"traf",
            _full(b"tfhd", 0, base_is_moof | has_defaults, _u32(TRACK), _u32(duration), _u32(size),
                  _ALONE),
            _full(b"tfdt", 1, 0, time.to_bytes(8)),
            _full(b"trun", 0, 0x01, _u32(1), _u32(offset)),
        ),
    )  # fmt: skip


def _trak(track: Track) -> bytes:
    enabled_in_movie = 3
    size = _u32(track.width << 16) + _u32(track.height << 16)
    return _box(
        b"trak",
        _full(b"tkhd", 0, enabled_in_movie, bytes(8), _u32(TRACK), bytes(24), _MATRIX, size),
        _box(
            b"mdia",
            _full(b"mdhd", 0, 0, bytes(8), _u32(track.timescale), bytes(4), _UND, bytes(2)),
            _full(b"hdlr", 0, 0, bytes(4), b"vide", bytes(12), b"lensbus\0"),
            _box(
                b"minf",
                _full(b"vmhd", 0, 1, bytes(8)),
                _box(b"dinf", _full(b"dref", 0, 0, _u32(1), _full(b"url ", 0, 1))),
                _box(
                    b"stbl",
                    _full(b"stsd", 0, 0, _u32(1), _avc1(track)),
                    *(_full(name, 0, 0, bytes(4)) for name in (b"stts", b"stsc", b"stco")),
                    _full(b"stsz", 0, 0, bytes(8)),
                ),
            ),
        ),
    )  # fmt: skip


def _avc1(track: Track) -> bytes:
    return _box(
        b"avc1",
        bytes(6), b"\0\1", bytes(16),
        track.width.to_bytes(2), track.height.to_bytes(2), _DPI, _DPI, bytes(4), b"\0\1",
        bytes(32), b"\0\x18\xff\xff",
        _box(
            b"avcC",
            b"\1", track.sps[1:4], b"\xff\xe1",  # lengths of four bytes; one parameter set each
            len(track.sps).to_bytes(2), track.sps,
            b"\1", len(track.pps).to_bytes(2), track.pps,
        ),
    )  # fmt: skip


def _box(name: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return _u32(len(body) + 8) + name + body


def _full(name: bytes, version: int, flags: int, *content: bytes) -> bytes:
    return _box(name, bytes((version,)), flags.to_bytes(3), *content)


def _u32(number: int) -> bytes:
    return number.to_bytes(4)
