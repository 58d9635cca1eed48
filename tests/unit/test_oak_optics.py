import numpy as np
import pytest
from numpy.typing import NDArray

from lensbus_services.oak.optics import LIGHT_K, TARGET, Noise, Optics, lens_for
from lensbus_services.oak.scene import SCENES, color_lens, left_lens, view

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


# Each control moves the picture in its direction, over its whole range.

COLORED: NDArray[np.uint8] = np.full((100, 160, 3), (60, 90, 140), np.uint8)


def manual(**settings: object) -> Optics:
    return color(auto_exposure=False, **settings)


def mean(optics: Optics, scene: NDArray[np.uint8] = GREY) -> float:
    return float(optics.take(scene.copy(), Noise(1)).mean())


def colorfulness(optics: Optics) -> float:
    picture = optics.take(COLORED.copy(), Noise(1)).reshape(-1, 3).astype(np.float64)
    return float(np.ptp(picture, axis=1).mean())


def warmth(optics: Optics) -> float:
    rest(optics, TARGET)
    blue, _, red = optics.take(GREY.copy(), Noise(1)).reshape(-1, 3).mean(axis=0)
    return float(red - blue)


def rises(values: list[float]) -> bool:
    """Whether values never fall, and rise as a whole."""
    return values == sorted(values) and values[-1] > values[0]


def test_longer_exposure_is_lighter() -> None:
    times = (1, 100, 1000, 5000, 10_000, 20_000, 33_000)
    assert rises([mean(manual(exposure_us=each)) for each in times])


def test_higher_iso_is_lighter() -> None:
    isos = (100, 200, 400, 800, 1600, 5000)
    assert rises([mean(manual(exposure_us=2000, iso=each)) for each in isos])


def test_more_brightness_is_lighter() -> None:
    assert rises([mean(color(brightness=each)) for each in range(-10, 11)])


def test_more_contrast_spreads_the_tones() -> None:
    ramp = np.tile(np.linspace(64, 192, 160, dtype=np.uint8)[None, :, None], (100, 1, 3))
    spread = [
        float(color(contrast=each).take(ramp.copy(), Noise(1)).std()) for each in range(-10, 11)
    ]
    assert rises(spread)


def test_more_saturation_is_more_colorful() -> None:
    assert rises([colorfulness(color(saturation=each)) for each in range(-10, 11)])


def test_a_higher_color_temperature_by_hand_is_warmer() -> None:
    kelvins = (1000, 2500, 4000, 5000, 6500, 9000, 12_000)
    assert rises([warmth(color(whitebalance="OFF", manual_k=each)) for each in kelvins])


def test_the_farther_the_lens_from_its_place_the_softer() -> None:
    sharp = lens_for(0.826)

    def softness(lens: float) -> float:
        optics = color(focus_mode="OFF", lens=lens)
        return -float(optics.take(edges(), Noise(1)).std())

    assert rises([softness(sharp + step) for step in (0.0, 0.1, 0.25, 0.5)])
    assert rises([softness(sharp - step) for step in (0.0, 0.1, 0.25, 0.45)])


def test_more_flood_light_is_lighter_and_counts_more_in_the_dark() -> None:
    floods = (0.0, 0.25, 0.5, 1.0)

    def lit(light: float) -> list[float]:
        scene = np.full((100, 160), round(100 * light), np.uint8)
        made = (
            Optics(has_color=False, has_autofocus=False, auto_exposure=False, exposure_us=10_000)
            for _ in floods
        )
        pictures = []
        for optics, flood in zip(made, floods, strict=True):
            optics.light, optics.flood = light, flood
            pictures.append(float(optics.take(scene.copy(), Noise(1)).mean()))
        return pictures

    bright, dark = lit(1.0), lit(0.3)
    assert rises(bright)
    assert rises(dark)
    assert dark[-1] / dark[0] > bright[-1] / bright[0]


@pytest.mark.parametrize("name", sorted(SCENES))
def test_automatic_exposure_converges_in_every_scene(name: str) -> None:
    for lens in (color_lens((640, 360)), left_lens((640, 400))):
        sight = view(lens, SCENES[name])
        optics = Optics(has_color=lens.has_color, has_autofocus=False)
        steps = rest(optics, sight.brightness(1.0))
        assert steps < 20
        picture = optics.take(sight.render(1.0), Noise(1))
        assert float(picture.mean()) == pytest.approx(TARGET, rel=0.15)
