"""The golden set that ships, the reader of characters, intervals, and the speed figure."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models import catalog
from pipelines.errors import InputError, RequestError
from pipelines.gates.characters import read_sheet
from pipelines.gates.golden_set import read_set
from pipelines.gates.speed import measure_speed
from pipelines.gates.statistics import mean_interval, rate_difference, rate_interval
from pipelines.gates.thresholds import read_thresholds

GOLDEN = Path(__file__).resolve().parents[4] / "golden_set"


def test_every_file_of_the_set_is_the_one_it_names() -> None:
    """All files have their digests, every case a licence, and no two cases one name."""
    found = read_set(GOLDEN)
    for case in (*found.photos, *found.characters, *found.clips):
        assert case.truth.read()
        assert case.source.read()
        assert case.licence
    assert {case.scale for case in found.photos} == {1, 2, 4}


def test_no_judging_picture_was_trained_on() -> None:
    """The photographs of the set are not among those that our networks learnt from."""
    split = (GOLDEN.parent / "models" / "training" / "split.toml").read_text()
    trained = {part.split('name = "')[1].split(".")[0] for part in split.split("[[train]]")[1:]}
    judged = {case.name.split("-")[0] for case in read_set(GOLDEN).photos} - {"chart"}
    assert judged == {"astronaut", "coffee", "chelsea"}
    assert not judged & trained


def test_every_shipped_network_has_thresholds() -> None:
    """Something is asked of each network that ships."""
    assert set(catalog.names()) <= set(read_thresholds(GOLDEN).networks)


def test_another_file_under_the_same_name_is_refused(tmp_path: Path) -> None:
    """A set with one byte changed is another set."""
    shutil.copytree(GOLDEN / "small", tmp_path / "small")
    shutil.copy(GOLDEN / "manifest.toml", tmp_path)
    case = read_set(tmp_path).photos[0]
    content = bytearray(case.source.path.read_bytes())
    content[-1] ^= 1
    case.source.path.write_bytes(content)
    with pytest.raises(InputError, match="not the file"):
        case.source.read()
    case.source.path.unlink()
    with pytest.raises(InputError, match="lacks"):
        case.source.read()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('file = "small/', 'file = "../small/'),
        ("scale = 2", "scale = 9"),
        ("version = 1", "version = []"),
        ('name = "astronaut-noise-jpeg-x1"', 'name = "astronaut-noise-x1"'),
    ],
)
def test_a_manifest_out_of_form_is_refused(tmp_path: Path, old: str, new: str) -> None:
    """Paths that lead out, impossible scales, wrong types and double names are refused."""
    text = (GOLDEN / "manifest.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "manifest.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError):
        read_set(tmp_path)


def glyphs() -> NDArray[np.float64]:
    """Three letters of 16 x 12: a bar down, a bar across, a diagonal."""
    found = np.zeros((16, 36))
    found[3:13, 5:7] = 255
    found[7:9, 14:22] = 255
    for at in range(8):
        found[4 + at, 26 + at] = 255
        found[4 + at, 27 + at] = 255
    return found


def sheet(letters: str) -> NDArray[np.float64]:
    """A row of eight letters, dark on light, each moved by one sample."""
    places = {"A": 0, "B": 12, "C": 24}
    cells = [np.roll(255 - glyphs()[:, places[one] : places[one] + 12], 1, 1) for one in letters]
    return np.concatenate(cells, axis=1)


def test_the_reader_reads_what_is_written() -> None:
    """Letters are read in either contrast and a little out of place; a wrong one is counted."""
    reading = read_sheet(
        sheet("ABCABCCA"), glyphs(), text="ABCABCCB", alphabet="ABC", cell=(16, 12)
    )
    assert reading.read == "ABCABCCA"
    assert reading.misread == 1
    with pytest.raises(RequestError, match="does not hold"):
        read_sheet(sheet("AB"), glyphs(), text="ABCABCCB", alphabet="ABC", cell=(16, 12))


def test_intervals_hold_what_they_say() -> None:
    """The mean's interval covers the true mean in about 95 of 100 samples; Wilson's is known."""
    random = np.random.default_rng(5)
    covered = 0
    for _ in range(200):
        found = mean_interval(random.normal(10, 2, 30).tolist())
        covered += found.low <= 10 <= found.high
    assert 180 <= covered <= 199
    known = rate_interval(10, 100)
    assert (round(known.low, 4), round(known.high, 4)) == (0.0552, 0.1744)
    assert rate_interval(0, 20).low == 0
    for wrong in ((3, 2), (0, 0), (-1, 5)):
        with pytest.raises(ValueError, match="no rate"):
            rate_interval(*wrong)
    with pytest.raises(ValueError, match="finite"):
        mean_interval([float("nan")])


def test_two_rates_differ_as_newcombe_worked_out() -> None:
    """56 of 70 against 48 of 80 is the example of the paper: 0.2, from 0.0524 to 0.3339."""
    found = rate_difference(rate_interval(56, 70), rate_interval(48, 80))
    assert [round(one, 4) for one in (found.value, found.low, found.high)] == [0.2, 0.0524, 0.3339]


def test_speed_is_a_ratio_of_shortest_times() -> None:
    """The figure is the network's time over that of the product, by the clock that is given."""

    class Still:
        scale = 1
        planes = 1
        reach = 0

        def run(self, plane: NDArray[np.float32]) -> NDArray[np.float32]:
            return plane

    ticks = count()
    times = [0.0, 3.0, 4.0]

    def clock() -> float:
        number = next(ticks)
        return 10 * (number // 3) + times[number % 3]

    card = catalog.card("evident-denoise")
    assert measure_speed(card, Still(), clock=clock, rounds=3).ratio == pytest.approx(3.0)
