"""Names that programs use and this version keeps elsewhere.

It may import everything; nothing but the package root imports it. It holds names, never behaviour:
what an old name stands for is the very object that the new name stands for.
"""
