"""Colours keep their meaning through OKLab."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reels.media.colour import derived_palette, from_hex, from_oklab, mix, palette, ramp, to_oklab, turn_hue, vivid

channels = st.floats(0, 1, width=32)
colours = st.tuples(channels, channels, channels).map(lambda rgb: np.array(rgb, np.float32))


@given(colours)
def test_a_colour_survives_the_way_through_oklab(colour: np.ndarray) -> None:
    assert from_oklab(to_oklab(colour)) == pytest.approx(colour, abs=2e-3)


@given(colours, st.floats(-720, 720))
def test_turning_the_hue_stays_inside_what_a_screen_shows(colour: np.ndarray, degrees: float) -> None:
    turned = turn_hue(colour, degrees)
    assert turned.min() >= 0
    assert turned.max() <= 1


def test_hex_is_read_as_red_green_blue() -> None:
    assert from_hex("ff8000") == pytest.approx([1, 128 / 255, 0])


def test_a_ramp_goes_from_its_first_stop_to_its_last() -> None:
    first, last = from_hex("102030"), from_hex("fff0e0")
    steps = ramp((first, last), 64)
    assert steps.shape == (64, 3)
    assert steps[0] == pytest.approx(first, abs=1e-3)
    assert steps[-1] == pytest.approx(last, abs=1e-3)
    assert (np.diff(to_oklab(steps)[:, 0]) > 0).all(), "lightness must rise all the way"


def test_mixing_nothing_or_everything_gives_back_one_of_the_two() -> None:
    red, blue = from_hex("d02030"), from_hex("2030d0")
    assert mix(red, blue, 0) == pytest.approx(red, abs=1e-3)
    assert mix(red, blue, 1) == pytest.approx(blue, abs=1e-3)


def test_vivid_sets_chroma_and_lightness() -> None:
    lightness, a, b = to_oklab(vivid(from_hex("8a96a8"), 0.1, 0.6))
    assert lightness == pytest.approx(0.6, abs=0.01)
    assert np.hypot(a, b) == pytest.approx(0.1, abs=0.01)


def test_a_palette_is_read_from_its_codes() -> None:
    read = palette("000000 333333 999999 ffffff ff0000 00ff00")
    assert read.high == pytest.approx([1, 1, 1])
    assert len(read.accents) == 2
    assert read.accent(3) == pytest.approx(read.accents[1])


@pytest.mark.parametrize("seed", range(20))
def test_a_derived_palette_goes_from_dark_to_light(seed: int) -> None:
    made = derived_palette(np.random.default_rng(seed))
    lightness = [to_oklab(colour)[0] for colour in (made.deep, made.low, made.mid, made.high)]
    assert lightness == sorted(lightness)
    assert lightness[0] < 0.25 < 0.75 < lightness[-1]
