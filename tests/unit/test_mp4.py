"""The MP4 writer against another reader: what it writes plays, and means what was said."""

import io

import av
import numpy as np
import pytest

from lensbus_gateway.mp4 import AccessUnit, Track, beginning, fragment, read_access_unit
from lensbus_services.oak.video import Encoder, Pixels

SPS, PPS, IDR = b"\x67\x42\xc0\x1e\x01", b"\x68\x02", b"\x65\x03\x04"


def grey(shade: int) -> Pixels:
    return np.full((48, 64), shade, np.uint8)


@pytest.mark.parametrize("start", [b"\0\0\1", b"\0\0\0\1", b"\0\0\0\0\0\1"])
def test_an_access_unit_is_taken_apart(start: bytes) -> None:
    delimiter, note = b"\x09\x10", b"\x06\x05"
    found = read_access_unit(start + start.join((delimiter, SPS, PPS, note, IDR)) + b"\0\0")
    assert found == AccessUnit(SPS, PPS, (note, IDR))


@pytest.mark.parametrize(
    "bad", [b"", b"jpeg", b"\0\0\1", b"\0\0\1" + SPS, b"\0\0\1" + SPS + b"\0\0\1" + PPS]
)
def test_what_no_decoder_could_begin_with_is_no_access_unit(bad: bytes) -> None:
    with pytest.raises(ValueError, match="no access unit"):
        read_access_unit(bad)


def test_another_reader_plays_what_is_written() -> None:
    encoder = Encoder((64, 48), 25.0, 1e6)
    units = [read_access_unit(encoder.encode(grey(shade))) for shade in (40, 120, 200)]
    track = Track(units[0].sps, units[0].pps, 64, 48, 25_000)
    film = beginning(track) + b"".join(
        fragment(number + 1, number * 1500, 1000, unit) for number, unit in enumerate(units)
    )
    with av.open(io.BytesIO(film), format="mp4") as opened:
        (video,) = opened.streams
        assert (video.codec_context.name, video.codec_context.profile) == (
            "h264",
            "Constrained Baseline",
        )
        assert (video.width, video.height, video.time_base.denominator) == (64, 48, 25_000)
        packets = [packet for packet in opened.demux(video) if packet.size]
        assert [packet.pts for packet in packets] == [0, 1500, 3000]
        assert [packet.duration for packet in packets] == [1000, 1000, 1000]
        assert all(packet.is_keyframe for packet in packets)
        decoder = av.CodecContext.create("h264", "r")
        decoder.extradata = video.codec_context.extradata
        frames = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    shades = [float(frame.to_ndarray(format="gray").mean()) for frame in frames]
    assert shades == pytest.approx([40, 120, 200], abs=3)


def test_numbers_have_no_end() -> None:
    unit = AccessUnit(SPS, PPS, (IDR,))
    # Ten years of live video, and a number that is past 32 bits.
    assert len(fragment(2**32 + 7, 10 * 365 * 86_400 * 30_000, 1000, unit)) == 108 + len(IDR) + 4
