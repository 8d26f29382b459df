"""Functions as tools: what Claude is told of them, how they are called, and what goes back.

It may import `inputs` and what is below; it sends nothing and runs no loop. pydantic and the parser
of docstrings are loaded when the first tool is made.
"""

from ..errors import ToolError, ToolInputError
from .function import AsyncFunctionTool, FunctionTool, Tool, tool
from .memory_tool import AsyncMemoryTool, MemoryTool
from .result import result_content

__all__ = [
    "AsyncFunctionTool",
    "AsyncMemoryTool",
    "FunctionTool",
    "MemoryTool",
    "Tool",
    "ToolError",
    "ToolInputError",
    "result_content",
    "tool",
]


def __getattr__(name: str) -> object:
    # The official package has a module of this name, too, with toolsets in it.
    from ..compat.finder import official_name

    return official_name("tools", name)
