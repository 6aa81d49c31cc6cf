"""Reading a submitted notebook: whatever the bytes are, it is a notebook or it is refused with words."""

import json
import resource

import nbformat
import pytest

from grader.errors import InvalidSubmission
from grader.notebook import MAX_BRACKETS, MAX_NOTEBOOK_BYTES, read_notebook


def plain(**changes: object) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [], **changes}).encode()


@pytest.mark.parametrize(
    ("data", "raised"),
    [
        (plain(nbformat=3, nbformat_minor=["a"], worksheets=[]), "AssertionError"),
        (plain(nbformat=1, cells=[{"cell_type": "heading", "source": "x", "level": 1}]), "UnboundLocalError"),
        (plain(nbformat=3, worksheets=5), "TypeError"),
    ],
    ids=["minor_version_is_a_list", "format_1_with_a_heading", "worksheets_are_a_number"],
)
def test_json_that_trips_a_converter_of_nbformat_is_refused(data: bytes, raised: str) -> None:
    with pytest.raises(InvalidSubmission, match=raised):
        read_notebook(data)


@pytest.mark.parametrize("one", ["{}", "[]"])
def test_a_notebook_of_millions_of_empty_objects_is_refused_before_it_is_parsed(one: str) -> None:
    data = plain().replace(b'"metadata": {}', b'"metadata": {"x": [' + ",".join([one] * 10_000_000).encode() + b"]}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InvalidSubmission, match=f"100000.* opening brackets; at most {MAX_BRACKETS}"):
        read_notebook(data)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10


def test_a_notebook_with_20_mib_of_pictures_and_a_large_plot_is_read() -> None:
    picture = nbformat.v4.new_output("display_data", data={"image/png": "iVBORw0K" * (20 << 17)})
    plot = nbformat.v4.new_output("display_data", data={"application/json": [[x, x] for x in range(100_000)]})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("draw()", outputs=[picture, plot])])
    assert read_notebook(nbformat.writes(notebook).encode()).cells[0].outputs[0] == picture


def test_a_notebook_over_the_limit_of_bytes_is_refused() -> None:
    with pytest.raises(InvalidSubmission, match="33 MiB; at most 32 MiB"):
        read_notebook(b" " * (MAX_NOTEBOOK_BYTES + (1 << 20)))
