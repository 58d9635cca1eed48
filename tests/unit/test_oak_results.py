import numpy as np
import pytest

from lensbus_services.oak.results import WHOLE, classified, segmented


def test_the_likeliest_class_is_the_whole_picture() -> None:
    shares = classified([0.1, 0.7, 0.2], is_softmax=True)
    assert (shares.label, shares.confidence, shares.box) == (1, 0.7, WHOLE)
    logits = classified([1000.0, 0.0], is_softmax=False)
    assert (logits.label, logits.confidence) == (0, pytest.approx(1.0))


def test_every_pixel_is_its_likeliest_class_and_one_more() -> None:
    values = np.zeros((3, 2, 2))
    values[1, 0, 0] = 0.9
    values[2, 1, 1] = 0.6
    values[0, 0, 1] = 0.4
    mask = segmented(values, threshold=0.5, is_softmax=True, most=None)
    assert mask.tolist() == [[2, 0], [0, 3]]
    assert mask.dtype == np.uint8


def test_logits_are_weighed_first() -> None:
    values = np.zeros((2, 1, 2))
    values[1, 0, 0] = 5.0
    assert segmented(values, threshold=0.5, is_softmax=False, most=None).tolist() == [[2, 0]]
    one = np.array([[[3.0, -3.0, 5000.0, -5000.0]]])
    assert segmented(one, threshold=0.5, is_softmax=False, most=None).tolist() == [[1, 0, 1, 0]]


@pytest.mark.parametrize(
    ("size", "most", "expected"),
    [((40, 60), 60, (40, 60)), ((40, 60), 59, (20, 30)), ((61, 7), 20, (16, 2))],
)
def test_a_mask_is_no_larger_than_asked_for(
    size: tuple[int, int], most: int, expected: tuple[int, int]
) -> None:
    mask = segmented(np.zeros((1, *size)), threshold=0.5, is_softmax=True, most=most)
    assert mask.shape == expected
    assert max(mask.shape) <= most


def test_classes_that_no_byte_can_name_are_left_out() -> None:
    values = np.zeros((300, 1, 2))
    values[254, 0, 0] = values[299, 0, 1] = 1.0
    assert segmented(values, threshold=0.5, is_softmax=True, most=None).tolist() == [[255, 0]]
