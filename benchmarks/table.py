"""Runs the benchmarks that need nothing but the product, and prints the table of all results.

`python -m benchmarks.table`, or `make bench`. Results that need photographs which are not in the
repository (`quality_bars`) or minutes of scratch disk (`photo_memory`, `evidence_index`) are
printed as they were last measured. Each result says what machine it was made on.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks import (
    clip_memory,
    evidence_log,
    maps,
    network_speed,
    pipeline,
    start_up,
    tiling,
)

RESULTS = Path(__file__).with_name("results")


def main() -> None:
    """Measure and print."""
    for benchmark in (start_up, tiling, network_speed, clip_memory, pipeline, maps, evidence_log):
        print(f"== {benchmark.__name__}")
        benchmark.main()
    print()
    for line in table():
        print(line)


def table() -> list[str]:
    """The lines of the table, from the results on disk."""
    pipeline_, start = _result("pipeline"), _result("start_up")
    memory, quality = _result("clip_memory"), _result("quality")
    rows = [
        ("whole clip / bare parts", f"{pipeline_['ratio']:.3f}", "1.05 at most"),
        ("evident --help", f"{start['help']['seconds']:.2f} s", "0.3 s at most"),
        ("512 x 512 photograph", f"{start['photo_512']['seconds']:.2f} s", "2 s at most"),
        ("memory, clip ten times as long", f"{max(memory['ratios'].values()):.3f}", "1.10 at most"),
    ]
    log = _result("evidence_log")
    rows += [
        ("fsck of a million entries", f"{log['million']['fsck']['seconds']} s", "60 s at most"),
        (
            "the same with bodies, processor time",
            f"{log['million']['bodies']['processor_seconds']} s",
            "60 s at most",
        ),
        (
            "proof among a million entries",
            f"{log['million']['proofs']['inclusion']['median_ms']} ms",
            "10 ms at most",
        ),
        (
            "sealed / plain insert, one to a commit",
            f"{log['rates']['single']['ratio']:.3f}",
            "0.5 at least",
        ),
        (
            "sealed / plain insert, 10,000 to a commit",
            f"{log['rates']['batched']['ratio']:.3f}",
            "0.5 aimed at",
        ),
    ]
    asked = _result("evidence_index")["milliseconds"]
    slowest = max(asked, key=lambda name: asked[name]["median"])
    rows += [
        (
            "a result traced among a million entries",
            f"{asked['trace_of_a_result']['median']} ms",
            "20 ms at most",
        ),
        (
            f"slowest question of a million entries ({slowest.replace('_', ' ')})",
            f"{asked[slowest]['median']} ms",
            "20 ms at most",
        ),
    ]
    rows += [
        (f"maps of a clip, {name}", f"{one['ratio']:.3f}", "0.05 at most")
        for name, one in _result("maps")["clips"].items()
    ]
    rows += [
        (f"tiles of {one['tile_pixels']} / whole 1080p", f"{one['ratio']:.3f}", "")
        for one in _result("tiling")["measured"]
    ]
    rows += [
        (
            f"{one['network']} at 640x360, {one['engine']}",
            f"{one['frames_per_second']:.1f} /s",
            "3 /s at least" if one["network"] == "evident-sr-x2" else "",
        )
        for one in _result("network_speed")["measured"]
    ]
    rows += [
        (f"{name} above its reference", f"{one['mean_gain_db']:.2f} dB", "")
        for name, one in quality["as_trained"].items()
    ]
    rows += [
        (
            f"100 megapixels as {one['kind']}: peak",
            f"{one['peak_parent_mib'] + one['peak_children_mib']} MiB",
            f"{one['ceiling_mib']} MiB at most",
        )
        for one in _result("photo_memory")["measured"]
    ]
    width = max(len(name) for name, _, _ in rows)
    return [f"{name:{width}}  {value:>12}  {bar}".rstrip() for name, value, bar in rows]


def _result(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text())
    return found


if __name__ == "__main__":
    main()
