"""Faces are aligned, redrawn and pasted back: what is touched, what is not, and whose it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from pipelines.errors import RequestError
from pipelines.graph.operation_faces import RestoreFacesParameters
from pipelines.media.picture import (
    Block,
    Family,
    FrameShape,
    Matrix,
    PixelLayout,
    Plane,
    Region,
    block_from_native,
    native_from_block,
)
from pipelines.operations.base import Operation
from pipelines.operations.face_place import TEMPLATE, Similarity, aligned, place_of, to_template
from pipelines.operations.restore_faces import RestoreFaces, build
from pipelines.operations.sighted import sighted
from pipelines.operations.steered import FaceAt

RGB = PixelLayout(Family.RGB)
LAYOUTS = {
    "rgb": RGB,
    "rgb 16 bit": PixelLayout(Family.RGB, 16),
    "gray": PixelLayout(Family.GRAY),
    "opacity": PixelLayout(Family.RGB, alpha=True),
    "4:2:0 studio": PixelLayout(Family.YCBCR, 8, 1, 1, full_range=False, matrix=Matrix.BT709),
    "4:2:2 10 bit": PixelLayout(Family.YCBCR, 10, 1, 0, full_range=False, matrix=Matrix.BT2020),
}


@dataclass
class Painter:
    """A network that is told what to do with an aligned face, and keeps what it was shown."""

    paint: Callable[[Plane], Plane] = lambda face: face
    scale: int = 1
    planes: int = 3
    reach: int = 0
    shown: list[Plane] = field(default_factory=list)

    def run(self, plane: Plane) -> Plane:
        """Redraw one face."""
        self.shown.append(plane)
        return self.paint(plane)

    def network(self, model: str) -> Painter:
        """Be the only network there is."""
        return self


@dataclass(frozen=True)
class Known:
    """Faces that are known for every frame."""

    faces: Callable[[int], Sequence[FaceAt]]

    def at(self, frame: int) -> Sequence[FaceAt]:
        """The faces of a frame."""
        return self.faces(frame)


def landmarks(x: float, y: float, *, scale: float, turn: float = 0.0) -> tuple[tuple, ...]:
    """The template's points in a picture: its middle at (x, y), turned, `scale` times as large."""
    angle = np.deg2rad(turn)
    made = []
    for px, py in TEMPLATE:
        dx, dy = (px - 256) * scale, (py - 256) * scale
        made.append(
            (
                float(x + dx * np.cos(angle) - dy * np.sin(angle)),
                float(y + dx * np.sin(angle) + dy * np.cos(angle)),
            )
        )
    return tuple(made)


def textured(shape: FrameShape) -> tuple[np.ndarray, ...]:
    """Native planes with something to see everywhere."""
    random = np.random.default_rng(4)
    layout = shape.layout
    return tuple(
        random.integers(0, layout.peak + 1, shape.plane_size(one)).astype(layout.sample_type)
        for one in range(layout.plane_count)
    )


def bound(
    shape: FrameShape, network: Painter, *faces: FaceAt, fidelity: float = 0.0
) -> RestoreFaces:
    """The operation over a picture with these faces."""
    parameters = RestoreFacesParameters(model="test-faces", fidelity=fidelity)
    operation = build(parameters, shape, network)
    assert isinstance(operation, RestoreFaces)
    followed = operation.following(Known(lambda _: faces))
    assert isinstance(followed, RestoreFaces)
    return followed


def applied(operation: Operation, planes: tuple, shape: FrameShape, out: Region) -> Block:
    """Compute a region from exactly what the operation says it needs."""
    block = block_from_native(planes, shape, operation.needs(out))
    return operation.apply([block], 0, out)


ONE = FaceAt(1, landmarks(70, 52, scale=0.12, turn=20))


def test_landmarks_give_back_the_similarity_they_were_moved_by() -> None:
    """A turned, shifted, reduced template is found again, and the way back leads back."""
    way = to_template(landmarks(300.5, 120.25, scale=0.31, turn=-35))
    assert way is not None
    assert way.scale == pytest.approx(1 / 0.31)
    x, y = way(np.array([300.5]), np.array([120.25]))
    assert (x[0], y[0]) == pytest.approx((256, 256))
    again = way.back(*way(np.array([12.0]), np.array([99.0])))
    assert (again[0][0], again[1][0]) == pytest.approx((12, 99))
    assert to_template([(5.0, 5.0)] * 5) is None


def test_the_network_is_shown_the_face_upright() -> None:
    """A pattern that lies turned and small in a picture comes to the network as it is."""
    side = 512
    way = to_template(ONE.landmarks)
    assert way is not None
    shape = FrameShape(120, 150, RGB)
    x, y = np.meshgrid(np.arange(150) + 0.5, np.arange(120) + 0.5)
    tx, ty = way(x, y)
    picture = np.stack([np.sin(tx / 60), np.cos(ty / 45), tx / side]).astype(np.float32)
    place = place_of(1, ONE.landmarks, 1.0, shape)
    assert place is not None
    face = aligned(picture, shape.whole, place, shape)
    at = np.arange(side) + 0.5
    truth = np.stack(
        [
            np.broadcast_to(np.sin(at / 60)[None], (side, side)),
            np.broadcast_to(np.cos(at / 45)[:, None], (side, side)),
            np.broadcast_to(at[None] / side, (side, side)),
        ]
    )
    assert np.abs(face - truth)[:, 40:-40, 40:-40].max() < 0.02


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_a_network_that_changes_nothing_puts_every_face_back_in_its_place(name: str) -> None:
    """Aligned and pasted back, smooth samples come out within two steps of where they were."""
    shape = FrameShape(101, 133, LAYOUTS[name])
    planes = []
    for one in range(shape.layout.plane_count):
        rows, columns = np.indices(shape.plane_size(one))
        wave = 0.5 + 0.25 * np.sin(columns / 9 + one) * np.cos(rows / 7)
        planes.append((wave * shape.layout.peak).astype(shape.layout.sample_type))
    made = native_from_block(
        applied(bound(shape, Painter(), ONE), tuple(planes), shape, shape.whole)
    )
    allowed = 2 * (shape.layout.peak + 1) / 256
    for before, after in zip(planes, made, strict=True):
        assert np.abs(before.astype(int) - after).max() <= allowed


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_a_face_of_a_picture_is_redrawn_once(name: str) -> None:
    """Bound to one picture, the network is asked once a face, and every region keeps its bits."""
    shape = FrameShape(104, 136, LAYOUTS[name])
    planes = textured(shape)
    two = FaceAt(2, landmarks(40, 60, scale=0.1))
    unbound, network = (
        bound(shape, Painter(lambda one: 1 - one), ONE, two),
        Painter(lambda one: 1 - one),
    )
    once = bound(shape, network, ONE, two)
    assert sighted(once) is once
    block = block_from_native(planes, shape, shape.whole)
    seen = once.seen(block)
    regions = [Region(top, left, 52, 34) for top in (0, 52) for left in (0, 34, 68, 102)]
    for region in regions:
        made = seen.apply([block], 0, region)
        for plane, expected in zip(
            made.planes, applied(unbound, planes, shape, region).planes, strict=True
        ):
            assert np.array_equal(plane, expected)
    assert len(network.shown) == 2
    assert sighted(bound(shape, Painter())) is None


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_outside_the_face_every_sample_keeps_its_bits(name: str) -> None:
    """A network that blackens faces leaves what lies outside its square untouched, bit for bit."""
    layout = LAYOUTS[name]
    shape = FrameShape(101, 133, layout)
    planes = textured(shape)
    operation = bound(shape, Painter(np.zeros_like), ONE)
    made = native_from_block(applied(operation, planes, shape, shape.whole))
    place = operation.places[0]
    for index in range(layout.plane_count):
        rows, columns = np.indices(planes[index].shape)
        ax, ay = (layout.align_x, layout.align_y) if layout.is_chroma(index) else (1, 1)
        tx, ty = place.way((columns + 0.5) * ax, (rows + 0.5) * ay)
        reach = 2 * max(ax, ay) * place.way.scale
        outside = (tx < -reach) | (tx > 512 + reach) | (ty < -reach) | (ty > 512 + reach)
        assert outside.any()
        assert np.array_equal(made[index][outside], planes[index][outside])
    middle = made[0][50:54, 68:72]
    black = 0 if layout.full_range else 16 << (layout.depth - 8)
    assert (middle == black).all()
    if layout.alpha:
        assert np.array_equal(made[3], planes[3])


def test_the_change_fades_towards_the_rim() -> None:
    """A constant change is whole in the middle, less near the rim, nothing beyond, never a step."""
    shape = FrameShape(300, 300, RGB)
    flat = tuple(np.full((300, 300), 100, np.uint8) for _ in range(3))
    face = FaceAt(1, landmarks(150, 150, scale=0.4))
    made = applied(bound(shape, Painter(lambda one: one + 0.5), face), flat, shape, shape.whole)
    change = made.planes[0][150] - block_from_native(flat, shape, shape.whole).planes[0][150]
    assert change[150] == pytest.approx(0.5, abs=1e-5)
    assert change[0] == change[299] == 0
    assert np.abs(np.diff(change)).max() < 0.05


def test_fidelity_is_the_share_of_what_came_in() -> None:
    """At 1 every sample keeps its bits, and at a quarter a quarter of the change is gone."""
    shape = FrameShape(120, 150, RGB)
    planes = textured(shape)
    painter = Painter(lambda face: 1 - face)
    kept = applied(bound(shape, painter, ONE, fidelity=1.0), planes, shape, shape.whole)
    assert np.array_equal(native_from_block(kept)[0], planes[0])
    before = block_from_native(planes, shape, shape.whole).planes[0]
    whole, most = (
        applied(bound(shape, painter, ONE, fidelity=one), planes, shape, shape.whole).planes[0]
        for one in (0.0, 0.25)
    )
    assert most - before == pytest.approx(0.75 * (whole - before), abs=1e-5)


@pytest.mark.parametrize("name", ["rgb", "4:2:0 studio"])
def test_regions_are_cut_from_one_result(name: str) -> None:
    """Computed in regions, the picture has the bits of the whole."""
    shape = FrameShape(100, 132, LAYOUTS[name])
    planes = textured(shape)
    near = FaceAt(2, landmarks(100, 70, scale=0.1))
    operation = bound(shape, Painter(lambda face: face[::-1] * 0.7), ONE, near)
    whole = applied(operation, planes, shape, shape.whole)
    for top in (0, 60):
        for left in (40, 90):
            out = Region(top, left, 40, 42)
            part = applied(operation, planes, shape, out)
            for a, b in zip(part.planes, whole.cut(out).planes, strict=True):
                assert np.array_equal(a, b)


def test_faces_that_overlap_do_not_depend_on_their_order() -> None:
    """Each is made from what came in, and they share what they change."""
    shape = FrameShape(120, 150, RGB)
    planes = textured(shape)
    other = FaceAt(2, landmarks(95, 60, scale=0.12))
    made = [
        applied(bound(shape, Painter(lambda f: f * 0.5), *faces), planes, shape, shape.whole)
        for faces in ((ONE, other), (other, ONE))
    ]
    assert made[0].planes[0] == pytest.approx(made[1].planes[0], abs=1e-6)
    darkest = block_from_native(planes, shape, shape.whole).planes[0] * 0.5
    assert (made[0].planes[0] >= darkest - 0.2).all()


def test_two_who_cross_keep_their_faces() -> None:
    """While a red and a blue face pass each other, each track shows the network its own."""
    shape = FrameShape(160, 400, RGB)
    painter = Painter()

    def faces(frame: int) -> tuple[FaceAt, ...]:
        return (
            FaceAt(1, landmarks(60 + 28 * frame, 60, scale=0.1)),
            FaceAt(2, landmarks(340 - 28 * frame, 108, scale=0.1)),
        )

    operation = build(RestoreFacesParameters(model="test-faces"), shape, painter)
    assert isinstance(operation, RestoreFaces)
    steered = operation.following(Known(faces))
    assert isinstance(steered, RestoreFaces)
    for frame in (0, 4, 5, 6, 10):
        picture = np.zeros((3, 160, 400), np.uint8)
        for channel, (x, y) in ((0, (60 + 28 * frame, 60)), (2, (340 - 28 * frame, 108))):
            picture[channel, y - 20 : y + 20, x - 20 : x + 20] = 255
        painter.shown.clear()
        applied(steered.at(frame), tuple(picture), shape, shape.whole)
        first, second = (one[:, 200:312, 200:312].mean(axis=(1, 2)) for one in painter.shown)
        assert first[0] - first[2] > 0.8
        assert second[2] - second[0] > 0.8


def test_a_face_at_the_edge_is_restored_as_far_as_it_is_there() -> None:
    """Half a face at the rim of a picture is changed; one that lies outside is left alone."""
    shape = FrameShape(120, 150, RGB)
    planes = textured(shape)
    rim = FaceAt(1, landmarks(0, 60, scale=0.12))
    gone = FaceAt(2, landmarks(-400, 60, scale=0.12))
    operation = bound(shape, Painter(np.zeros_like), rim, gone)
    assert [one.track for one in operation.places or ()] == [1]
    made = native_from_block(applied(operation, planes, shape, shape.whole))
    assert (made[0][58:62, 0:4] == 0).all()


def test_a_network_of_another_form_is_refused() -> None:
    """One that takes luma or enlarges does not restore faces."""
    shape = FrameShape(64, 64, RGB)
    for other in (Painter(planes=1), Painter(scale=2)):
        with pytest.raises(RequestError, match="does not take faces"):
            build(RestoreFacesParameters(model="test-faces"), shape, other)


def test_the_way_back_undoes_the_way() -> None:
    """Forth and back is where it began, for any turn and scale."""
    for seed in range(20):
        way = Similarity(*np.random.default_rng(seed).normal(size=4))
        x, y = way.back(*way(np.array([3.0]), np.array([-7.0])))
        assert (x[0], y[0]) == pytest.approx((3, -7))
