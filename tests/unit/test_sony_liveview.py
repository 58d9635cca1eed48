from hypothesis import given
from hypothesis import strategies as st

from lensbus_services.sony.liveview import jpeg_size

START = b"\xff\xd8"
APP0 = b"\xff\xe0\x00\x04ab"
TABLE = b"\xff\xc4\x00\x03a"
FRAME = b"\xff\xc0\x00\x0b\x08\x01\xac\x02\x80\x01\x01\x11\x00"


def test_the_size_stands_in_the_start_of_frame() -> None:
    assert jpeg_size(START + APP0 + TABLE + FRAME) == (640, 428)


def test_what_is_no_jpeg_has_no_size() -> None:
    assert jpeg_size(b"") is None
    assert jpeg_size(b"RIFF") is None
    assert jpeg_size(START) is None
    assert jpeg_size(START + APP0) is None


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    jpeg_size(START + data)
