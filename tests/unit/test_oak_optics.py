import numpy as np
import pytest
from numpy.typing import NDArray

from lensbus_services.oak.optics import LIGHT_K, TARGET, Noise, Optics, lens_for

GREY: NDArray[np.uint8] = np.full((100, 160, 3), 100, np.uint8)


def edges() -> NDArray[np.uint8]:
    stripes = np.zeros((100, 160, 3), np.uint8)
    stripes[:, ::8] = 255
    return stripes


def color(**settings: object) -> Optics:
    return Optics(has_color=True, has_autofocus=True, **settings)  # type: ignore[arg-type]


def rest(optics: Optics, scene_mean: float) -> int:
    for step in range(60):
        if optics.settle(scene_mean):
            return step
    raise AssertionError("automatics do not come to rest")


def test_a_sensor_in_its_proper_light_gives_the_scene_itself() -> None:
    optics = color()
    assert rest(optics, TARGET) == 0
    assert optics.take(GREY, Noise(1)) is GREY, "nothing to do costs nothing"


@pytest.mark.parametrize("scene_mean", [20.0, 60.0, 99.0, 160.0, 240.0])
def test_automatic_exposure_brings_any_scene_to_its_target(scene_mean: float) -> None:
    optics = color()
    rest(optics, scene_mean)
    picture = optics.take(np.full_like(GREY, round(scene_mean)), Noise(1))
    assert float(picture.mean()) == pytest.approx(TARGET, rel=0.12)


def test_compensation_is_thirds_of_a_stop() -> None:
    optics = color(compensation=3)
    rest(optics, TARGET / 2)
    assert optics.exposure_us * optics.iso == pytest.approx(4 * 20_000 * 400, rel=0.1)


def test_a_limit_of_exposure_is_made_up_for_with_iso() -> None:
    optics = color(exposure_limit_us=5000)
    rest(optics, TARGET)
    assert optics.exposure_us <= 5000
    assert optics.iso == pytest.approx(1600, rel=0.1)


def test_a_locked_exposure_stays() -> None:
    optics = color(exposure_lock=True)
    optics.settle(20.0)
    assert (optics.exposure_us, optics.iso) == (20_000, 400)


@pytest.mark.parametrize(("exposure_us", "shade"), [(5000, 25), (10_000, 50), (40_000, 200)])
def test_brightness_follows_exposure_by_hand(exposure_us: int, shade: int) -> None:
    optics = color(auto_exposure=False, exposure_us=exposure_us)
    assert optics.take(GREY.copy(), Noise(1)).mean() == pytest.approx(shade, abs=1)


def test_brightness_and_contrast_move_the_tones() -> None:
    assert color(brightness=5).take(GREY.copy(), Noise(1)).mean() == 130
    assert color(brightness=-10).take(GREY.copy(), Noise(1)).mean() == 40
    assert color(contrast=10).take(GREY.copy(), Noise(1)).mean() < 100
    assert edges().std() * 0.5 > color(contrast=-10).take(edges(), Noise(1)).std()


def test_saturation_ends_in_grey() -> None:
    red = GREY.copy()
    red[..., 2] = 200
    pale = color(saturation=-10).take(red.copy(), Noise(1))
    assert np.ptp(pale.reshape(-1, 3), axis=1).max() <= 1
    vivid = color(saturation=10).take(red.copy(), Noise(1))
    assert np.ptp(vivid.reshape(-1, 3), axis=1).min() > 100


def test_a_camera_that_expects_warm_light_gives_a_blue_picture() -> None:
    optics = color(whitebalance="INCANDESCENT")
    rest(optics, TARGET)
    blue, _, red = optics.take(GREY.copy(), Noise(1)).reshape(-1, 3).mean(axis=0)
    assert blue > red + 20
    assert optics.reading().kelvin == 2850


def test_white_balance_by_hand_and_back() -> None:
    optics = color(whitebalance="OFF", manual_k=8000)
    rest(optics, TARGET)
    blue, _, red = optics.take(GREY.copy(), Noise(1)).reshape(-1, 3).mean(axis=0)
    assert red > blue + 20
    optics.whitebalance = "AUTO"
    rest(optics, TARGET)
    assert optics.kelvin == LIGHT_K


def test_a_lens_in_the_wrong_place_blurs() -> None:
    sharp = color(focus_mode="OFF", lens=lens_for(0.826)).take(edges(), Noise(1))
    soft = color(focus_mode="OFF", lens=1.0).take(edges(), Noise(1))
    assert soft.std() < sharp.std() / 2


def test_continuous_focus_finds_its_subject_and_single_focus_waits_for_its_trigger() -> None:
    optics = color(lens=1.0)
    rest(optics, TARGET)
    assert optics.lens == pytest.approx(lens_for(0.826))
    optics = color(lens=1.0, focus_mode="AUTO")
    rest(optics, TARGET)
    assert optics.lens == 1.0
    optics.focusing = True
    rest(optics, TARGET)
    assert optics.lens == pytest.approx(lens_for(0.826))
    assert not optics.focusing


def test_noise_grows_with_iso_and_shrinks_with_denoise() -> None:
    def grain(iso: int, luma: int = 0) -> float:
        optics = Optics(
            has_color=False, has_autofocus=False, iso=iso, exposure_us=8_000_000 // iso,
            luma_denoise=luma,
        )  # fmt: skip
        return float(optics.take(GREY[..., 0].copy(), Noise(1)).std())

    assert grain(400) == 0
    assert 1 < grain(800) < grain(1600) < grain(5000)
    assert grain(1600, luma=4) < grain(1600) / 2


def test_a_mono_sensor_reads_no_color_and_no_lens() -> None:
    reading = Optics(has_color=False, has_autofocus=False).reading()
    assert (reading.kelvin, reading.lens) == (0, None)
