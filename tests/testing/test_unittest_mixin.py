"""The mixin for unittest, in a program of its own."""

from __future__ import annotations

import subprocess
import sys
import unittest

import pytest

from antiphon.testing import LocalServerMixin

PROGRAM = """
import os, unittest
import antiphon
from antiphon.testing import LocalServerMixin

def ask(client):
    messages = [{"role": "user", "content": "Hi"}]
    return client.messages.create(model="claude-haiku-4-5", max_tokens=9, messages=messages).text

class Good(LocalServerMixin, unittest.TestCase):
    def test_client(self):
        self.antiphon_server.reply("Hello!")
        self.assertEqual(ask(self.antiphon_client), "Hello!")
        self.assertEqual(ask(antiphon.Client()), "Hello!")

    def test_fresh(self):
        self.assertEqual(self.antiphon_server.requests, [])
        self.assertEqual(os.environ["ANTHROPIC_BASE_URL"], self.antiphon_server.url)
        self.assertNotIn("ANTHROPIC_AUTH_TOKEN", os.environ)

class Scripted(LocalServerMixin, unittest.TestCase):
    antiphon_options = {"script": ["one"]}

    def test_script(self):
        self.assertEqual(ask(self.antiphon_client), "one")

    def test_unused(self):
        pass

class After(unittest.TestCase):
    def test_environment(self):
        self.assertNotIn("ANTHROPIC_BASE_URL", os.environ)
        self.assertEqual(os.environ["ANTHROPIC_AUTH_TOKEN"], "token of the user")

unittest.main()
"""


def test_a_class_of_tests_has_a_server(tmp_path, monkeypatch):
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "token of the user")
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    command = [sys.executable, "-W", "error", str(path), "Good", "Scripted", "After"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "Ran 5 tests" in done.stderr
    assert "FAILED (failures=1)" in done.stderr
    assert "FAIL: test_unused" in done.stderr
    assert "reply('one'): used 0 of 1 times" in done.stderr


def test_a_class_that_cannot_work_is_refused_where_it_is_defined():
    def define(*bases: type, **attributes: object) -> None:
        type("Case", bases, attributes)

    with pytest.raises(TypeError, match=r"Case: name LocalServerMixin before TestCase"):
        define(unittest.TestCase, LocalServerMixin)
    unknown = r"Case\.antiphon_options: it takes script, cassette, faults, seed only; not scripts"
    with pytest.raises(TypeError, match=unknown):
        define(LocalServerMixin, unittest.TestCase, antiphon_options={"scripts": ["one"]})
    with pytest.raises(TypeError, match=r"Case\.antiphon_options: 'one'; give a dict"):
        define(LocalServerMixin, unittest.TestCase, antiphon_options="one")


class WithoutSetUp:
    def setUp(self) -> None:
        pass


class WithoutSetUpClass:
    @classmethod
    def setUpClass(cls) -> None:
        pass


class Skips:
    def setUp(self) -> None:
        raise unittest.SkipTest("not here")


@pytest.mark.parametrize(
    ("base", "missing"),
    [
        (WithoutSetUp, "Case.setUp: call super().setUp()"),
        (WithoutSetUpClass, "Case.setUpClass: call super().setUpClass()"),
        (Skips, ""),
    ],
)
def test_a_method_that_does_not_call_that_of_the_mixin_is_told(base, missing):
    class Parent(LocalServerMixin, unittest.TestCase):
        def test_nothing(self) -> None:
            pass

    class Case(base, Parent):
        pass

    outcomes = [
        unittest.defaultTestLoader.loadTestsFromTestCase(case).run(unittest.TestResult())
        for case in (Parent, Case)
    ]
    assert outcomes[0].wasSuccessful()
    texts = [text for _, text in outcomes[1].errors]
    assert [missing in text for text in texts] == ([True] if missing else [])
