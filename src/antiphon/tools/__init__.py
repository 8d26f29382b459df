"""Functions as tools: what Claude is told of them, how they are called, and what goes back.

Everything below it may use `types`, `errors` and the catalog; it sends nothing and runs no loop.
Names are found when first used: pydantic and the parser of docstrings are loaded by the first tool.
"""

from .function import AsyncFunctionTool, FunctionTool, Tool, tool
from .result import result_content

__all__ = ["AsyncFunctionTool", "FunctionTool", "Tool", "result_content", "tool"]
