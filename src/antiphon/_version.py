"""The version of antiphon, its one home."""

__version__ = "0.2.0.dev0"
