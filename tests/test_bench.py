"""`make bench`: a benchmark that fails is told, and the figures of the others are kept."""

import json
import runpy
import sys
from typing import Any

import pytest

from bench import __main__ as bench


def fails() -> Any:
    raise RuntimeError("no such luck")


@pytest.fixture
def benchmarks(monkeypatch, tmp_path):
    """Two benchmarks in place of the real ones, and another folder for their figures."""
    found = {
        "bench.well": {"run": lambda: {"seconds": 2}, "table": lambda result: f"took {result['seconds']} s"},
        "bench.badly": {"run": fails, "table": str},
    }
    monkeypatch.setattr(runpy, "run_module", found.__getitem__)
    monkeypatch.setattr(bench, "BUILD", tmp_path / "build")
    return tmp_path / "build" / "bench.json"


def test_one_that_fails_keeps_none_of_the_others_from_their_figures(benchmarks, monkeypatch, capsys):
    # given two benchmarks of which the first fails
    monkeypatch.setattr(bench, "BENCHMARKS", ("badly", "well"))
    monkeypatch.setattr(sys, "argv", ["bench"])
    monkeypatch.setattr(bench, "prepare", lambda folder: None)

    code = bench.main()

    # then both are told, the figures of the second are written, and the end says that not all went well
    said, kept = capsys.readouterr().out, json.loads(benchmarks.read_text())
    assert code == 1
    assert "no such luck" in said
    assert "took 2 s" in said
    assert said.endswith("failed: badly\n")
    assert kept["well"] == {"seconds": 2}
    assert "no such luck" in kept["badly"]["failed"]
    assert kept["machine"]["python"]
