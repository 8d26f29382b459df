"""The version of antiphon, its one home."""

__version__ = "0.1.0"
