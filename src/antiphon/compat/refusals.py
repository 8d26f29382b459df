"""What stands for a thing that we do not have: a class that says so when called, or a dict."""

from __future__ import annotations

from functools import cache
from types import new_class
from typing import Any, NoReturn

from .._wire.validation import Param
from ..errors import NotSupportedError

__all__ = ["Refused", "free_dict", "refused"]


class Refused(type):
    """The type of classes that stand for things we do not have: they raise when they are called.

    Importing one, annotating with it, asking `isinstance` and making a subclass all work, so a
    program that only mentions it runs.
    """

    sentence: str
    """What to do instead."""

    def __call__(cls, *_: object, **__: object) -> NoReturn:
        """Refuse.

        Raises:
            NotSupportedError: always, with the sentence.
        """
        raise NotSupportedError(cls.sentence)

    def __getitem__(cls, _: object) -> Refused:
        """Return the class itself: annotations may give it parameters."""
        return cls


# Cached, so that two imports of a name give the same class, as `isinstance` needs.
@cache
def refused(name: str, sentence: str) -> type:
    """Return a class called `name` that raises `sentence` when it is called."""
    own = {"sentence": f"{name}: {sentence}", "__module__": "antiphon", "request": _unable}
    return Refused(name, (), own)


def _unable(*_: object, **__: object) -> NoReturn:
    # Logfire replaces this method in the classes of all clients, those of the clouds too.
    raise NotSupportedError("this class has no objects, so nothing can be sent by one")


@cache
def free_dict(name: str) -> Any:
    """Return a TypedDict called `name` that takes any keys."""
    return new_class(name, (Param,), {"total": False})
