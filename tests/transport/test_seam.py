"""The public seam: `antiphon.transport`."""

from __future__ import annotations

import textwrap

import antiphon.transport
from antiphon import _transport


def test_the_example_of_the_module_runs(capsys):
    lines = textwrap.dedent((antiphon.transport.__doc__ or "").partition("::\n")[2])
    example = lines.partition("\n`send` returns")[0]
    exec(textwrap.dedent(example), {})
    assert capsys.readouterr().out == "3\n"


def test_the_seam_has_the_protocols_and_what_they_speak_of():
    for name in ("Transport", "AsyncTransport", "OpenResponse", "AsyncOpenResponse"):
        assert getattr(antiphon.transport, name) is getattr(_transport, name)
    assert {"Request", "ResponseHead", "Headers", "Timeout"} <= set(antiphon.transport.__all__)
