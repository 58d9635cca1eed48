import pytest

from lensbus_services.supervisor import camera_of


@pytest.mark.parametrize(
    ("group", "camera"),
    [
        ("worker-sony-D10F60149B0C", "D10F60149B0C"),
        ("worker-oak-A..B", "A:B"),
        ("worker-oak-one-two", "one-two"),
        ("discovery-sony", None),
        ("gateway-0", None),
        ("broker", None),
        ("worker-sony", None),
    ],
)
def test_the_camera_of_a_worker_is_in_its_name(group: str, camera: str | None) -> None:
    assert camera_of(group) == camera
