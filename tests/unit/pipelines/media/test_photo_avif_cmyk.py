"""AVIF, HEIC and CMYK photographs come in, held against other libraries."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pillow_heif
import pytest
import pyvips
import tifffile
from PIL import Image, ImageCms

from pipelines.errors import DamagedError, InputError, UnsupportedError
from pipelines.media.identify import Kind
from pipelines.media.photo_facts import PhotoLimits
from pipelines.media.photo_heic import heic_header
from pipelines.media.photo_write import require_writable
from pipelines.media.picture import Family
from tests.unit.pipelines.media.photo_kit import gradient, pillow_bytes, read_bytes, stacked

RELATIVE = ImageCms.Intent.RELATIVE_COLORIMETRIC


def smooth(height: int = 48, width: int = 64) -> np.ndarray:
    """A picture without sharp colour edges."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [128 + 90 * np.sin(x / 11 + one) * np.cos(y / 13 - one) for one in range(3)]
    return np.stack(planes, axis=-1).astype(np.uint8)


def avif(samples: np.ndarray, **options: object) -> bytes:
    """Code with Pillow's libavif, chroma at full size."""
    return pillow_bytes(samples, "AVIF", quality=95, subsampling="4:4:4", **options)


def cmyk_jpeg() -> bytes:
    """Four inks with the profile that they were separated for, by libvips."""
    height, width = 48, 64
    rgb = pyvips.Image.new_from_memory(smooth().tobytes(), width, height, 3, "uchar")
    inks = rgb.copy(interpretation="srgb").icc_transform("cmyk", input_profile="srgb")
    return bytes(inks.jpegsave_buffer(Q=95))


def test_avif_is_decoded_as_another_library_decodes_it(tmp_path: Path) -> None:
    """Libheif here and libavif in Pillow agree within two codes."""
    data = avif(smooth())
    photo = read_bytes(data, tmp_path)
    assert photo.metadata.kind is Kind.AVIF
    expected = np.asarray(Image.open(BytesIO(data)).convert("RGB")).astype(int)
    assert np.abs(stacked(photo).astype(int) - expected).max() <= 2
    assert any("libheif" in one for one in photo.metadata.remarks)


def test_opacity_comes_through(tmp_path: Path) -> None:
    """The fourth channel is straight opacity."""
    samples = np.dstack([smooth(), np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))])
    photo = read_bytes(avif(samples), tmp_path)
    assert photo.shape.layout.alpha
    assert np.abs(stacked(photo)[..., 3].astype(int) - samples[..., 3]).max() <= 3


def test_a_turned_avif_is_upright_once(tmp_path: Path) -> None:
    """The file's own turn is applied by the decoder; EXIF's, which is none, is not added."""
    exif = Image.Exif()
    exif[0x0112] = 6
    data = avif(smooth(), exif=exif.tobytes())
    photo = read_bytes(data, tmp_path)
    assert (photo.shape.height, photo.shape.width) == (64, 48)
    expected = np.rot90(smooth(), -1).astype(int)
    assert np.abs(stacked(photo).astype(int) - expected).max() <= 6


def test_ten_bits_and_hdr_are_kept_and_stated(tmp_path: Path) -> None:
    """Codes are shifted up, and the depth is said."""
    ramp = np.linspace(0, 65_535, 64 * 64).reshape(64, 64)
    image = pyvips.Image.new_from_array(ramp).cast("ushort")
    rgb = image.bandjoin([image, image]).copy(interpretation="rgb16")
    data = bytes(rgb.heifsave_buffer(compression="av1", bitdepth=10, lossless=True))
    photo = read_bytes(data, tmp_path)
    assert photo.shape.layout.depth == 16
    assert photo.metadata.original_depth == 10
    assert np.abs(stacked(photo)[..., 0].astype(int) - ramp).max() <= 400
    assert any("10 bits" in one for one in photo.metadata.remarks)


def test_a_cut_or_scratched_avif_is_an_input_error(tmp_path: Path) -> None:
    """Whatever is wrong with it, nothing crashes and nothing is made up silently."""
    data = avif(gradient())
    for place in range(40, len(data), 97):
        scratched = bytearray(data)
        scratched[place] ^= 0xFF
        for broken in (data[:place], bytes(scratched)):
            try:
                read_bytes(broken, tmp_path)
            except (InputError, UnsupportedError):
                continue
    with pytest.raises(DamagedError):
        read_bytes(data[: len(data) // 2], tmp_path)


def test_avif_is_read_and_not_written(tmp_path: Path) -> None:
    """A result in the source's kind is refused with advice."""
    photo = read_bytes(avif(smooth()), tmp_path)
    with pytest.raises(UnsupportedError) as caught:
        require_writable(photo.shape, Kind.AVIF)
    assert "PNG" in caught.value.next_step


def test_four_inks_become_srgb_by_their_own_profile(tmp_path: Path) -> None:
    """Libvips here and Little CMS through Pillow agree on relative colorimetric intent."""
    data = cmyk_jpeg()
    photo = read_bytes(data, tmp_path)
    image = Image.open(BytesIO(data))
    assert image.mode == "CMYK"
    profile = image.info["icc_profile"]
    made = ImageCms.profileToProfile(
        image, BytesIO(profile), ImageCms.createProfile("sRGB"), RELATIVE, outputMode="RGB"
    )
    assert photo.shape.layout.family is Family.RGB
    distance = np.abs(stacked(photo).astype(int) - np.asarray(made).astype(int))
    assert np.percentile(distance, 99) <= 3
    assert photo.metadata.icc is None
    said = " ".join(photo.metadata.remarks)
    assert "relative colorimetric intent" in said


def by_little_cms(image: Image.Image, profile: bytes) -> np.ndarray:
    """The same conversion by Little CMS through Pillow."""
    made = ImageCms.profileToProfile(
        image, BytesIO(profile), ImageCms.createProfile("sRGB"), RELATIVE, outputMode="RGB"
    )
    return np.asarray(made).astype(int)


def inks() -> tuple[Image.Image, bytes]:
    """A picture in four inks, and the profile that it was separated for."""
    image = Image.open(BytesIO(cmyk_jpeg()))
    return image, image.info["icc_profile"]


@pytest.mark.parametrize("bits", [8, 16])
def test_a_tiff_in_four_inks_becomes_srgb_by_its_own_profile(bits: int, tmp_path: Path) -> None:
    """Libvips here and Little CMS through Pillow agree, and the conversion is stated."""
    image, profile = inks()
    codes = np.asarray(image).astype(np.uint16) * 257 if bits == 16 else np.asarray(image)
    out = BytesIO()
    tifffile.imwrite(out, codes, photometric="separated", iccprofile=profile)
    photo = read_bytes(out.getvalue(), tmp_path)
    assert (photo.shape.layout.family, photo.shape.layout.depth) == (Family.RGB, bits)
    got = stacked(photo).astype(int) / (257 if bits == 16 else 1)
    assert np.percentile(np.abs(got - by_little_cms(image, profile)), 99) <= 3
    assert photo.metadata.icc is None
    assert photo.assumptions == ()
    assert any("through its own ICC profile" in one for one in photo.metadata.remarks)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_inks_without_a_profile_are_an_assumption(kind: str, tmp_path: Path) -> None:
    """The profile that libvips carries stands in, as an assumption that is printed."""
    plain = Image.fromarray(smooth()).convert("CMYK")
    data = pillow_bytes(plain, kind, **({"quality": 95} if kind == "JPEG" else {}))
    photo = read_bytes(data, tmp_path)
    stand_in = bytes(pyvips.Image.profile_load("cmyk"))
    expected = by_little_cms(Image.open(BytesIO(data)), stand_in)
    assert np.percentile(np.abs(stacked(photo).astype(int) - expected), 99) <= 3
    assert len(photo.assumptions) == 1
    assert "assumed" in photo.assumptions[0]
    assert any("profile that libvips carries" in one for one in photo.metadata.remarks)


def hdr_avif(path: Path, transfer: int) -> bytes:
    """Ten bits of BT.2020 with a stated curve, by FFmpeg's muxer."""
    options = {"crf": "4", "preset": "10"}
    with av.open(str(path), "w", format="avif") as out:
        video = out.add_stream("libsvtav1", rate=1, options=options)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p10le"
        context = video.codec_context
        context.color_primaries, context.color_trc, context.colorspace = 9, transfer, 9
        frame = av.VideoFrame(64, 64, "yuv420p10le")
        for plane in frame.planes:
            ramp = np.frombuffer(plane, np.uint16).reshape(-1, plane.line_size // 2)
            ramp[:] = np.linspace(200, 800, ramp.shape[1]).astype(np.uint16)
        out.mux(video.encode(frame))
        out.mux(video.encode(None))
    return path.read_bytes()


@pytest.mark.parametrize(("transfer", "curve"), [(16, "PQ"), (18, "HLG")])
def test_a_photograph_for_hdr_displays_keeps_its_codes_and_names_its_curve(
    transfer: int, curve: str, tmp_path: Path
) -> None:
    """PQ and HLG come in with ten bits as coded, and the report's remarks name the curve."""
    photo = read_bytes(hdr_avif(tmp_path / "in.avif", transfer), tmp_path)
    assert photo.metadata.original_depth == 10
    assert any(curve in one for one in photo.metadata.remarks)
    levels = stacked(photo).astype(int)
    assert levels.max() - levels.min() > 20_000


def heic(samples: np.ndarray, *, bits: int = 8, **options: object) -> bytes:
    """Code with pillow-heif's encoder, which nothing but tests calls."""
    out = BytesIO()
    mode = "RGB" if bits == 8 else "RGB;16"
    height, width = samples.shape[:2]
    image = pillow_heif.from_bytes(mode=mode, size=(width, height), data=samples.tobytes())
    image.save(out, quality=95, chroma=444, **options)
    return out.getvalue()


def test_heic_is_decoded_as_ffmpeg_decodes_it(tmp_path: Path) -> None:
    """libde265 here and FFmpeg's HEVC decoder agree on luma within three codes."""
    data = heic(smooth(64, 64))
    photo = read_bytes(data, tmp_path)
    assert photo.metadata.kind is Kind.HEIC
    path = tmp_path / "in.heic"
    path.write_bytes(data)
    with av.open(str(path)) as container:
        expected = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    assert np.abs(stacked(photo).astype(int) - expected[:64, :64]).mean() < 2
    assert np.abs(stacked(photo).astype(int) - smooth(64, 64)).max() <= 12


def test_a_heic_of_ten_bits_keeps_them(tmp_path: Path) -> None:
    """More than 8 bits come out as 16."""
    samples = smooth(64, 64).astype(np.uint16) * 257
    photo = read_bytes(heic(samples, bits=16), tmp_path)
    assert photo.shape.layout.depth == 16
    assert photo.metadata.original_depth > 8
    assert np.abs(stacked(photo).astype(int) - samples).max() <= 12 * 257


def test_a_cut_or_scratched_heic_is_an_input_error(tmp_path: Path) -> None:
    """Nothing crashes this process, whatever the bytes do to the child."""
    data = heic(smooth(64, 64))
    for place in range(40, len(data), 211):
        for broken in (data[:place], data[:place] + b"\xff\x00" + data[place + 2 :]):
            try:
                read_bytes(broken, tmp_path)
            except (InputError, UnsupportedError):
                continue


def test_without_its_extra_heic_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal names the extra and its licence."""
    data = heic(smooth(64, 64))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(UnsupportedError) as caught:
        heic_header(memoryview(data), PhotoLimits())
    assert "GPL-2.0" in caught.value.next_step
