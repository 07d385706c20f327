"""The facts that operations state, and the parameters that graphs may give them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from models import catalog
from models.errors import UnknownModelError
from models.spec import Task
from pipelines.errors import GraphError
from pipelines.graph.descriptors import FrameUse, OperationClass, PlaneUse
from pipelines.graph.operation_noise import DenoiseParameters, DenoiseTrainedParameters
from pipelines.graph.operation_size import ResizeParameters, SuperResolveParameters
from pipelines.graph.operation_table import OPERATIONS
from pipelines.graph.operation_tone import LevelsParameters
from pipelines.media.picture import Family, FrameShape, PixelLayout
from pipelines.operations.registry import MODULES, build

REQUIRED = {
    "resize": {"scale": 2.0},
    "crop": {"width": 2, "height": 2},
    "gamma": {"gamma": 1.2},
    "separate_fields": {"first_field": "top"},
    "deinterlace": {"first_field": "top"},
    "line_double": {"first_field": "top"},
    "inverse_telecine": {"first_field": "top", "first_frame": 0},
    "deblur": {"psf": "defocus", "radius": 2.0},
    "perspective": {"corners": (1, 2, 14, 1, 15, 11, 0, 12), "width": 8, "height": 6},
    "undistort": {"fx": 100.0},
    "wrap": {"mode": "both", "margin": 4},
    "unwrap": {"mode": "both", "margin": 4},
    "hdr_to_sdr": {"transfer": "pq"},
    "restore_faces": {"model": "faces-rgb"},
    "deblur_trained": {"model": "deblur"},
}
MOVING = {"perspective", "undistort", "stabilise", "steady", "deblur_estimated", "wrap", "unwrap"}
MIXING = {"steady", "stabilise", "denoise_temporal", "deinterlace", "inverse_telecine"}
FIELDS = {"separate_fields", "deinterlace", "line_double", "inverse_telecine"}


class FakeCard:
    """What the table reads from a card."""

    def __init__(self, task: Task, scale: int, reach: int) -> None:
        self.task = task
        self.scale = scale
        self.tiling = type("Rule", (), {"sight": reach})


@pytest.fixture
def cards(monkeypatch):
    """Stand in a catalog with one network for each task."""
    known = {
        "evident-sr-x2": FakeCard(Task.SUPER_RESOLVE, 2, 12),
        "evident-sr-x4": FakeCard(Task.SUPER_RESOLVE, 4, 14),
        "evident-denoise": FakeCard(Task.DENOISE, 1, 9),
        "deblur": FakeCard(Task.DEBLUR, 1, 7),
    }

    def card(name):
        if name not in known:
            raise UnknownModelError(f"no {name}")
        return known[name]

    monkeypatch.setattr(catalog, "card", card)


def test_the_table_imports_no_pixel_library():
    """A gateway validates graphs without numpy or a pixel library."""
    code = (
        "import sys, pipelines.graph.operation_table\n"
        "heavy = {'numpy', 'cv2', 'av', 'pyvips', 'onnxruntime', 'torch'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_names_match():
    """An operation is listed under its own name."""
    assert all(name == descriptor.name for name, descriptor in OPERATIONS.items())


def test_trained_operations_are_those_that_name_a_network():
    """Operations that are not conventional name the parameter that selects their network."""
    conventional = OperationClass.CONVENTIONAL
    trained = {n for n, d in OPERATIONS.items() if d.operation_class is not conventional}
    named = {n for n, d in OPERATIONS.items() if d.network is not None}
    assert trained == named == {
        "super_resolve", "denoise_trained", "deblur_trained", "restore_faces",
    }  # fmt: skip
    assert all(
        OPERATIONS[name].network in OPERATIONS[name].parameters.model_fields for name in named
    )


def test_what_mixes_frames_says_so(cards):
    """An operation says that it mixes frames exactly when its window has other frames."""
    for name, descriptor in OPERATIONS.items():
        reach = descriptor.reach(descriptor.parameters(**REQUIRED.get(name, {})))
        mixes = descriptor.frame_use is FrameUse.MIXES
        assert mixes == (reach.before + reach.after > 0) == (name in MIXING)


def test_every_parameter_is_described():
    """Each parameter carries the sentence that explains it to a person."""
    for descriptor in OPERATIONS.values():
        for field, info in descriptor.parameters.model_fields.items():
            assert info.description, f"{descriptor.name}.{field}"
            assert info.description.endswith("."), f"{descriptor.name}.{field}"


def test_defaults_stay_under_the_ceilings(cards):
    """What an operation does unless told otherwise is admitted by the conventional profile."""
    for name, descriptor in OPERATIONS.items():
        parameters = descriptor.parameters(**REQUIRED.get(name, {}))
        for field, ceiling in descriptor.ceilings.items():
            value = getattr(parameters, field)
            assert value is None or ceiling.least <= value <= ceiling.most, (name, field)


def test_every_conventional_change_has_a_ceiling():
    """Every conventional operation that changes recorded samples bounds how far, under the profile.

    A cut changes none, and what takes fields apart hands the rows of a field through unchanged.
    """
    unbounded = {
        name
        for name, descriptor in OPERATIONS.items()
        if descriptor.operation_class is OperationClass.CONVENTIONAL and not descriptor.ceilings
    }
    assert unbounded == {"crop", "perspective", "wrap", "unwrap"} | FIELDS


def test_size_changes_are_stated(make_operation):
    """An operation gives frames of another size exactly when it says so."""
    source = FrameShape(16, 24, PixelLayout(Family.RGB))
    for name, descriptor in OPERATIONS.items():
        operation = make_operation(name, source, **REQUIRED.get(name, {}))
        assert descriptor.changes_size == (operation.result != source)


def test_luma_operations_leave_chroma_and_opacity_alone(layouts, make_picture, make_operation):
    """What says that it changes luma hands the other planes of YCbCr through, bit for bit."""
    source = FrameShape(20, 21, layouts["444-alpha-12"])
    frame = make_picture(source)
    for name, descriptor in OPERATIONS.items():
        if descriptor.plane_use is PlaneUse.ALL:
            continue
        values = {"levels": {"black": 0.1}, "white_balance": {"red": 1.2}}.get(name, {})
        operation = make_operation(name, source, **(REQUIRED.get(name, {}) | values))
        window = [frame] * (operation.before + 1 + operation.after)
        planes = operation.apply(window, operation.before, source.whole).planes
        same = [bool((a == b).all()) for a, b in zip(planes, frame.planes, strict=True)]
        assert same[3], name
        if descriptor.plane_use is PlaneUse.LUMA:
            assert same[1:] == [True, True, True], name


def test_reach_covers_what_is_needed(cards, layouts, make_operation, networks):
    """No operation at one sampling reads further than the reach that it states."""
    source = FrameShape(200, 200, layouts["rgb"])
    for name, descriptor in OPERATIONS.items():
        if name in MOVING:
            continue
        values = REQUIRED.get(name, {}) | ({"width": 100, "height": 100} if name == "crop" else {})
        parameters = descriptor.parameters(**values)
        operation = build(name, parameters, source, networks=networks)
        reach = descriptor.reach(parameters)
        scale = operation.result.height / source.height if name != "crop" else 1
        out = operation.result.whole.__class__(int(80 * scale), int(80 * scale), 4, 4)
        needed = operation.needs(out)
        assert needed.top >= 80 - reach.pixels, name
        assert needed.bottom <= 80 + -(-4 // scale) + reach.pixels, name
        assert operation.before == reach.before
        assert operation.after == reach.after


@pytest.mark.parametrize("scale", [2, 4])
def test_super_resolve_defaults_to_the_network_of_its_scale(scale, cards):
    """Without a name, the network of the asked scale is taken."""
    assert SuperResolveParameters(scale=scale).model == f"evident-sr-x{scale}"


def test_a_network_of_another_scale_is_refused(cards):
    """A network that enlarges by another factor than asked is an error, not a surprise."""
    with pytest.raises(ValidationError, match="enlarges 4 times, not 2 times"):
        SuperResolveParameters(scale=2, model="evident-sr-x4")


def test_a_network_of_another_task_is_refused(cards):
    """A network made for another task is refused."""
    with pytest.raises(ValidationError, match="super-resolve, not for denoise"):
        DenoiseTrainedParameters(model="evident-sr-x2")


def test_an_unknown_network_is_left_to_the_graph_check(cards):
    """Parameters stay readable when the catalog lacks the name; the graph's check reports it."""
    assert SuperResolveParameters(scale=2, model="of-the-house").model == "of-the-house"


def test_network_reach_comes_from_the_card(cards):
    """The reach of a trained operation is the sight on its network's card."""
    for name, values, halo in (
        ("super_resolve", {"scale": 4}, 14),
        ("denoise_trained", {}, 9),
    ):
        descriptor = OPERATIONS[name]
        assert descriptor.reach(descriptor.parameters(**values)).pixels == halo


@pytest.mark.parametrize(
    "values",
    [{}, {"scale": 2, "width": 5}, {"scale": 0.01}, {"scale": 9}, {"width": 0}, {"skale": 2}],
)
def test_resize_refuses_what_it_cannot_read_one_way(values):
    """Neither, both, out of range or misspelt: resize is told one size or nothing is done."""
    with pytest.raises(ValidationError):
        ResizeParameters(**values)


def test_chroma_strength_follows_strength_unless_given():
    """Chroma is denoised as strongly as luma unless it is told apart."""
    assert DenoiseParameters(strength=7).chroma_strength == 7
    assert DenoiseParameters(strength=7, chroma_strength=0).chroma_strength == 0


@pytest.mark.parametrize(
    "values", [{"black": 0.5, "white": 0.5}, {"output_black": 0.9, "output_white": 0.1}]
)
def test_levels_never_fold_or_invert(values):
    """A line that is not rising is refused."""
    with pytest.raises(ValidationError):
        LevelsParameters(**values)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_not_a_number_is_refused(name):
    """No parameter takes NaN or infinity."""
    model = OPERATIONS[name].parameters
    for field, info in model.model_fields.items():
        if info.annotation not in (float, float | None):
            continue
        for bad in (float("nan"), float("inf")):
            with pytest.raises(ValidationError):
                model(**(REQUIRED.get(name, {}) | {field: bad}))


def test_every_operation_has_its_module():
    """The registry knows a module for every operation of the table, and for nothing else."""
    assert set(MODULES) == set(OPERATIONS)


def test_building_what_does_not_exist_names_what_does(networks):
    """An unknown operation is a graph error that lists the known ones."""
    source = FrameShape(4, 4, PixelLayout(Family.RGB))
    with pytest.raises(GraphError) as caught:
        build("blur", ResizeParameters(scale=2), source, networks=networks)
    assert "sharpen" in caught.value.next_step


def test_parameters_of_another_operation_are_refused(networks):
    """Parameters and operation belong together."""
    source = FrameShape(4, 4, PixelLayout(Family.RGB))
    with pytest.raises(GraphError, match="another operation"):
        build("gamma", ResizeParameters(scale=2), source, networks=networks)
