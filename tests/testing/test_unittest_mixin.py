"""The mixin for unittest, in a program of its own."""

from __future__ import annotations

import subprocess
import sys

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

class Scripted(LocalServerMixin, unittest.TestCase):
    antiphon_options = {"script": ["one"]}

    def test_script(self):
        self.assertEqual(ask(self.antiphon_client), "one")

    def test_unused(self):
        pass

class After(unittest.TestCase):
    def test_environment(self):
        self.assertNotIn("ANTHROPIC_BASE_URL", os.environ)

unittest.main()
"""


def test_a_class_of_tests_has_a_server(tmp_path, monkeypatch):
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    command = [sys.executable, "-W", "error", str(path), "Good", "Scripted", "After"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "Ran 5 tests" in done.stderr
    assert "FAILED (failures=1)" in done.stderr
    assert "FAIL: test_unused" in done.stderr
    assert "reply('one'): used 0 of 1 times" in done.stderr
