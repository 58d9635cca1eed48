"""Whatever a caller sends to either surface, the fault is never ours."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from kit.fake_commander import Surface
from kit.fake_oak import FakeOak
from kit.fake_sony import FakeSony
from lensbus_gateway.alpha.catalogue import CATALOGUE
from lensbus_gateway.alpha.routes import routes as alpha_routes
from lensbus_gateway.robopipe.routes import routes as robopipe_routes

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]
KINDS = [
    *("application/json", "text/plain", "application/x-www-form-urlencoded", ";", "é/\x01"),
    *("multipart/form-data", "multipart/form-data; boundary=x"),
]

ALPHA_PATHS = [
    "connection",
    "properties/all",
    "properties/{word}",
    "priority-key",
    "actions/{word}",
    "live-view/{word}",
    "sd-card/slot/1/files",
    "sd-card/slot/1/files?sort={word}&limit={word}&offset={word}",
    "sd-card/slot/{word}/files/{word}/1/download",
    "saved/{word}",
    "saved?offset={word}&limit={word}",
    *("settings/save-info", "settings/download", "settings/upload", "settings/files"),
    *("lut/import", "af-area-position", "tracking-frame", "fingerprint"),
    "{word}",
]
ALPHA_WORDS = [
    *CATALOGUE,
    *("shutter", "zoom", "focus-near-far", "movie-rec", "button", "touch", "touch-cancel"),
    *("frame", "status", "start", "osd-enable", "osd-frame", "1", "99999999999999", "-size"),
]
ALPHA_FIELDS = [
    *("value", "mode", "auth", "setting", "action"),
    *("path", "prefix", "startNo", "save_path", "username", "reconnecting"),
    *("speed", "direction", "step", "button", "x", "y", "normalized"),
    *("filename", "filePath", "slot"),
]

ROBOPIPE_PATHS = [
    "",
    "stats",
    "ir",
    "streams",
    "streams/?shape={word}",
    "streams/{word}",
    "streams/{word}/config",
    "streams/{word}/config/available",
    "streams/{word}/control/",
    "streams/{word}/control/capabilities",
    "streams/{word}/control/reset",
    "streams/{word}/still?format={word}",
    "streams/{word}/points",
    "streams/{word}/depth?at={word}",
    "streams/{word}/nn",
    "streams/{word}/replay?filename={word}",
    "recording",
    "{word}",
]
ROBOPIPE_WORDS = ["CAM_A", "CAM_B", "DEPTH_B_C", "CAM_D", "XCAM_A", "map", "jpeg", "JPG", "heic"]
ROBOPIPE_FIELDS = [
    *("exposure_time", "auto_exposure_limit", "focus", "lens_position", "contrast"),
    *("auto_exposure_enable", "auto_whitebalance_mode", "resolution", "still_size", "fps"),
    *("preview_size", "video_size", "sensor_crop", "width", "height", "resize_mode"),
    *("type", "config", "url", "filename"),
    *("flood_light", "dot_projector", "activate", "deactivate", "sharpness"),
]

odd_text = st.text("aZ09%./{}:_\x00é\ud7ff ", max_size=12)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**64, 10**400, 1e300, float("inf"), float("nan"), "9" * 5000]),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["0x190", "f/8", "1/125", "auto", "remote", "THE_1080_P", "CROP", "\ud800"]),
)


def documents(fields: list[str]) -> st.SearchStrategy[bytes]:
    """Return JSON objects of known fields with any values, and now and then mere bytes."""
    keys = st.sampled_from(fields)
    values = st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
        max_leaves=6,
    )
    objects = st.dictionaries(keys, values, max_size=6).map(lambda made: json.dumps(made).encode())
    return objects | st.binary(max_size=40) | st.sampled_from([b"[" * 5000, b'{"a":' * 300])


def quoted(word: str) -> str:
    """Return a word as it may stand in a path."""
    return "".join(f"%{byte:02X}" for byte in word.encode(errors="replace"))


@settings(max_examples=250, deadline=None)
@given(
    method=st.sampled_from(METHODS),
    camera=st.just("D10F60149B0C") | odd_text,
    path=st.sampled_from(ALPHA_PATHS),
    word=st.sampled_from(ALPHA_WORDS) | odd_text,
    content=documents(ALPHA_FIELDS),
    kind=st.sampled_from(KINDS),
)
def test_the_alpha_surface_answers_anything(
    method: str, camera: str, path: str, word: str, content: bytes, kind: str
) -> None:
    surface = Surface(alpha_routes, FakeSony(mode="remote-transfer"))
    url = f"/api/cameras/{quoted(camera)}/{path.format(word=quoted(word))}"

    answer = surface.call(method, url, content=content, headers={"content-type": kind.encode()})

    assert answer.status_code in (200, 202, 400, 404, 405)
    if answer.status_code >= 400 and method != "HEAD":
        assert answer.json()["success"] is False


@settings(max_examples=250, deadline=None)
@given(
    method=st.sampled_from(METHODS),
    mxid=st.sampled_from(["14442C10D13EABCE00", "refresh"]) | st.text("aA1é/ ", max_size=80),
    path=st.sampled_from(ROBOPIPE_PATHS),
    word=st.sampled_from(ROBOPIPE_WORDS) | odd_text,
    content=documents(ROBOPIPE_FIELDS),
    kind=st.sampled_from(KINDS),
)
def test_the_robopipe_surface_answers_anything(
    method: str, mxid: str, path: str, word: str, content: bytes, kind: str
) -> None:
    surface = Surface(robopipe_routes, FakeOak())
    url = f"/cameras/{quoted(mxid)}/{path.format(word=quoted(word))}"

    answer = surface.call(method, url, content=content, headers={"content-type": kind.encode()})

    assert answer.status_code in (200, 201, 202, 404, 405, 409, 422)
    if answer.status_code >= 400 and method != "HEAD":
        assert answer.json()["detail"]
