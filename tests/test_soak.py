"""A short while in public."""

from __future__ import annotations

from benchmarks.soak import soak


def test_a_few_visitors_of_all_kinds() -> None:
    report = soak(minutes=0.2, visitors=6, attacks=0.3)
    assert report["wrong"] == {"all": 0}
    assert report["visits"]["all"] >= 10 and report["visits"]["attack"]
    assert not {status for status in report["answers"] if status.startswith("answers 5")}
    assert report["hostile"]["longest answer, bytes"] < 700
    assert report["memory"]["ratio"] < 1.3
