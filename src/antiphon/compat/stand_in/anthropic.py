"""What `import anthropic` finds first in the processes that a program on antiphon starts.

`multiprocessing` hands `sys.path` to them, but not the finder of `antiphon.compat.install`. So
`antiphon.as_anthropic` puts the folder of this module there.
"""

import sys
from importlib import import_module

from antiphon import install_as_anthropic

del sys.modules[__name__]  # this module, which would be taken for the official package
install_as_anthropic()
import_module(__name__)
