"""Names that programs use and this version does not: those of earlier versions, and official ones.

It may import everything; the package root, `types` and `as_anthropic` ask it for names that they do
not have. It holds names, never behaviour: what a name stands for is the very object that our own
name stands for, or a class that refuses with one sentence.
"""
