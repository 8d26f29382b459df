"""The Messages API on your own machine: a simulator to develop and test against, not a model."""

from .app import App as App
from .server import LocalServer as LocalServer
