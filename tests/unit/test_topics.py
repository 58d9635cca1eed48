import pytest

from lensbus_proto.errors import LocalProtocolError, RemoteProtocolError
from lensbus_proto.topics import join_topic, split_topic, video_of


def test_a_topic_splits_into_what_it_was_joined_from() -> None:
    assert split_topic(join_topic("AA:BB:CC", "worker.lost")) == ("AA:BB:CC", "worker.lost")


@pytest.mark.parametrize(("camera", "name"), [("", "x"), ("a/b", "x"), ("a", ""), ("a", "x\n")])
def test_no_topic_is_made_of_bad_names(camera: str, name: str) -> None:
    with pytest.raises(LocalProtocolError):
        join_topic(camera, name)


@pytest.mark.parametrize("topic", [b"", b"a", b"a/", b"/b", b"a/b/c", b"a/\xff", b"a/b" * 99])
def test_other_bytes_are_no_topic(topic: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        split_topic(topic)


def test_a_subscription_to_pictures_does_not_bring_video() -> None:
    topic, video = join_topic("A", "CAM_A"), join_topic("A", video_of("CAM_A"))
    assert split_topic(video) == ("A", "h264.CAM_A")
    assert not video.startswith(topic)
