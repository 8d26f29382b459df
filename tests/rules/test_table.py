"""The table of rules, and for each rule a request that breaks it and one that does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from antiphon.rules import RULES, Finding, findings
from antiphon.rules.evaluation import CHECKS
from tests.support.rule_samples import TABLE

FORM = {rule.id for rule in RULES if rule.id == "depth" or rule.id.startswith("shape.")}


def found_in(request: Any) -> Iterator[Finding]:
    return findings(request) if isinstance(request, dict) else request()


@pytest.mark.parametrize(("rule", "wrong", "words", "right"), TABLE)
def test_each_rule_in_the_words_of_the_api(rule, wrong, words, right):
    found = {finding.rule: finding for finding in reversed(list(found_in(wrong)))}
    assert rule in found
    assert found[rule].message.startswith(words)
    assert (found[rule].status, found[rule].type) == (
        (404, "not_found_error") if rule == "model" else (400, "invalid_request_error")
    )
    assert found[rule].remedy.endswith(".")
    assert rule not in {finding.rule for finding in found_in(right)}


def test_every_rule_has_a_request_that_breaks_it():
    tried = {row[0] for row in TABLE} | {"depth"}
    assert tried == {rule.id for rule in RULES}


def test_every_rule_has_one_check_and_every_check_a_rule():
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))
    assert CHECKS.keys() == set(ids) - FORM


def test_no_rule_is_checked_in_two_chapters():
    chapters = Path(findings.__code__.co_filename).parent.glob("*.py")
    registered = [
        rule
        for path in chapters
        for rule in re.findall(r'CHECKS\.add\(\s*"(.+?)"', path.read_text())
    ]
    assert len(registered) == len(set(registered)) == len(CHECKS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_evidence_says_how_sure_and_when(rule):
    assert re.fullmatch(r"[ABC] 20\d\d-(0[1-9]|1[0-2])", rule.evidence)
    assert rule.evidence[0] != "A" or "2026-" in rule.evidence
