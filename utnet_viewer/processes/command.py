"""How the window starts ``utnet``. Imports nothing: whatever runs a command needs it at once."""

import sys

#: `utnet` of this interpreter; -P because the current folder may be a dataset with a torch.py.
COMMAND = (sys.executable, "-P", "-m", "core.cli.main")
