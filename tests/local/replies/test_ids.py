"""Ids of the API's form."""

from __future__ import annotations

import re
from random import Random

from antiphon.local.replies.ids import new_id


def test_id_has_prefix_and_letters_without_look_alikes():
    assert re.fullmatch("msg_01[1-9A-HJ-NP-Za-km-z]{22}", new_id("msg", Random(1)))


def test_same_random_state_gives_the_same_id():
    rng = Random(1)
    assert new_id("msg", rng) == new_id("msg", Random(1)) != new_id("msg", rng)
