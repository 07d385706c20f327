"""The gate's report: `gate.html` for people, `gate.json` for machines, from the same values.

The page stands alone: no script, no font, no address of anywhere else. It shows every line of
the verdict, the table per metric and degradation, characters misread by their size, and the
worst cases side by side with the difference to the truth, drawn eight times as strong.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping
from html import escape

import numpy as np

from pipelines.evidence.canonical import canonical_bytes
from pipelines.gates.judge import Judgement, groups
from pipelines.gates.results import Misread, Results, to_json
from pipelines.gates.statistics import mean_interval, rate_interval
from pipelines.media.identify import Kind
from pipelines.media.photo_encode import write_png
from pipelines.media.photo_facts import PhotoMetadata
from pipelines.media.picture import Family, FrameShape, PixelLayout
from pipelines.quality.metrics.pictures import Picture

WORST = 4
AMPLIFIED = 8
SENTENCE = "Performance on validation set {name} (n = {cases}); not an error rate for any image."

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;
padding:0 1rem;color:#1d2733}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}td,th{padding:.3rem .6rem;border-bottom:1px solid #d7dde3;
text-align:right}td:first-child,th:first-child,.word{text-align:left}
.verdict{padding:.6rem 1rem;border-left:.4rem solid;font-weight:600}
.passed{background:#e8f3ec;border-color:#2f7d4f}.failed{background:#fbeaea;border-color:#b3352f}
tr.failed td{background:#fbeaea}
.four{display:grid;grid-template-columns:repeat(4,1fr);gap:.8rem}
h3{font-size:1rem;margin:1.4rem 0 .4rem}h3 span{font-weight:400;color:#4b5a68}
figure{margin:0}figure img{width:100%;image-rendering:pixelated;display:block}
figcaption{font-size:.8rem;color:#4b5a68;margin-top:.2rem}
dl{display:grid;grid-template-columns:14rem 1fr;gap:.1rem 1rem}dd{margin:0;overflow-wrap:anywhere}
"""


def report_json(results: Results, judgement: Judgement) -> bytes:
    """Return the results and every line of the verdict as canonical JSON."""
    return canonical_bytes(
        {
            "passed": judgement.passed,
            "baseline_sha256": judgement.baseline_sha256,
            "limits": judgement.limits,
            "lines": [line.as_json() for line in judgement.lines],
            "results": to_json(results),
        }
    )


def report_html(
    results: Results,
    judgement: Judgement,
    pictures: Mapping[str, tuple[Picture, Picture, Picture]],
) -> bytes:
    """Return the page; `pictures` are (conventional, network, truth) by case."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>Gate of {escape(results.subject.network)}</title>",
        f"<style>{_STYLE}</style>",
        *_head(results, judgement),
        *_verdict(judgement),
        *_table(results),
        *_characters(results),
        *_worst(results, pictures),
        *_unmeasured(results),
    ]
    return "\n".join(parts).encode("utf-8")


def worst_cases(results: Results) -> tuple[str, ...]:
    """The cases with the smallest gain in PSNR, worst first."""
    scores = sorted(results.of("psnr"), key=lambda one: one.value - one.reference)
    return tuple(one.case for one in scores[:WORST])


def _head(results: Results, judgement: Judgement) -> Iterator[str]:
    subject = results.subject
    cases = len({one.case for one in results.scores})
    state = "passed" if judgement.passed else "failed"
    yield f"<h1>Gate of {escape(subject.network)} {escape(subject.version)}</h1>"
    yield f'<p class="verdict {state}">{state.upper()}</p>'
    yield f"<p>{escape(SENTENCE.format(name=results.set_name, cases=cases))}</p><dl>"
    for name, value in (
        ("weights, SHA-256", subject.weights_sha256),
        ("engine", f"{subject.engine} {subject.engine_version}"),
        ("precision", subject.precision),
        ("kind of device", subject.device_class),
        ("golden set, SHA-256", results.set_sha256),
        ("thresholds", judgement.limits or "of the golden set"),
        ("baseline, SHA-256", judgement.baseline_sha256 or "none"),
        ("time over a matrix product", f"{results.speed.ratio:.3g}"),
        *_beside_fp32(results),
    ):
        yield f"<dt>{name}</dt><dd>{escape(value)}</dd>"
    yield "</dl>"


def _beside_fp32(results: Results) -> Iterator[tuple[str, str]]:
    if results.agreement:
        least = min(one.decibels for one in results.agreement)
        most = max(one.steps for one in results.agreement)
        count = len(results.agreement)
        yield (
            "beside fp32 on the same engine",
            f"{least:.1f} dB or more, no sample further than {most:.2f} of 255, in {count} inputs",
        )


def _verdict(judgement: Judgement) -> Iterator[str]:
    yield "<h2>What was judged</h2><table>"
    yield "<tr><th>line</th><th>value</th><th>95 % over cases</th><th>n</th><th>limit</th></tr>"
    for line in judgement.lines:
        place = f" ({line.degradation})" if line.degradation else ""
        found = line.found
        spread = f"{found.low:.4g} to {found.high:.4g}" if found.count > 1 else "one case"
        yield (
            f'<tr class="{"held" if line.holds else "failed"}">'
            f"<td>{'' if line.holds else 'FAILED '}{escape(line.metric + place)}: "
            f"{escape(line.what)}</td><td>{found.value:.4g}</td>"
            f"<td>{spread}</td><td>{found.count}</td><td>{line.limit:.4g}</td></tr>"
        )
    yield "</table>"


def _table(results: Results) -> Iterator[str]:
    yield "<h2>Scores</h2><table><tr><th>metric</th><th>mean</th><th>95 %</th>"
    yield "<th>conventional</th><th>difference</th><th>n</th></tr>"
    for metric, degradation, scores in groups(results):
        mean = mean_interval([one.value for one in scores])
        reference = mean_interval([one.reference for one in scores])
        yield (
            f"<tr><td>{escape(metric)} ({escape(degradation)})</td><td>{mean.value:#.4g}</td>"
            f"<td>{mean.low:#.4g} to {mean.high:#.4g}</td><td>{reference.value:#.4g}</td>"
            f"<td>{mean.value - reference.value:+#.3g}</td><td>{mean.count}</td></tr>"
        )
    yield "</table>"


def _unmeasured(results: Results) -> Iterator[str]:
    if results.unavailable:
        yield "<h2>Not measured</h2><dl>"
        for metric, reason in results.unavailable.items():
            yield f"<dt>{escape(metric)}</dt><dd>unavailable: {escape(reason)}</dd>"
        yield "</dl>"


def _characters(results: Results) -> Iterator[str]:
    if not results.misread:
        return
    yield "<h2>Characters misread, by their height in the input</h2>"
    yield (
        "<p>Read by a matched filter that knows the font and the place. Sharp and wrong letters "
        "count as misread.</p>"
    )
    yield "<table><tr><th>pixels per character</th><th>network</th><th>95 %</th>"
    yield "<th>interpolated</th><th>truth itself</th><th>characters</th></tr>"
    for one in results.misread:
        yield _sheet_row(one)
    yield "</table>"


def _sheet_row(one: Misread) -> str:
    rate = rate_interval(one.misread, one.characters)
    total = one.characters
    return (
        f"<tr><td>{one.pixels_per_character} ({escape(one.degradation)})</td>"
        f"<td>{rate.value:.1%}</td><td>{rate.low:.1%} to {rate.high:.1%}</td>"
        f"<td>{one.interpolated / total:.1%}</td><td>{one.truth / total:.1%}</td>"
        f"<td>{total}</td></tr>"
    )


def _worst(
    results: Results, pictures: Mapping[str, tuple[Picture, Picture, Picture]]
) -> Iterator[str]:
    yield "<h2>Worst cases</h2>"
    for case in worst_cases(results):
        conventional, network, truth = pictures[case]
        away = np.clip(128 + AMPLIFIED * (network - truth), 0, 255)
        one = next(score for score in results.of("psnr") if score.case == case)
        yield f"<h3>{escape(case)} <span>{one.value:.2f} dB, conventional {one.reference:.2f} dB"
        yield '</span></h3><div class="four">'
        for caption, shown in (
            ("conventional", conventional),
            ("network", network),
            ("truth", truth),
            (f"network minus truth, times {AMPLIFIED}, gray is none", away),
        ):
            data = base64.b64encode(_png(shown)).decode("ascii")
            yield (
                f'<figure><img alt="{escape(caption)}" src="data:image/png;base64,{data}">'
                f"<figcaption>{escape(caption)}</figcaption></figure>"
            )
        yield "</div>"


def _png(picture: Picture) -> bytes:
    codes = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    planes = tuple(np.ascontiguousarray(codes[..., channel]) for channel in range(3))
    shape = FrameShape(codes.shape[0], codes.shape[1], PixelLayout(Family.RGB))
    out = io.BytesIO()
    write_png(out, planes, shape, PhotoMetadata(kind=Kind.PNG))
    return out.getvalue()
