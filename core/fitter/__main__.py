"""``python -m core.fitter``: fits hands to points over stdin and stdout until stdin closes.

The protocol is `core.messages`; orders are "hand_model", "fit", "sequence" and "cancel_sequence",
answers "fitted", "failed", "sequence_progress", "sequence_fit", "sequence_done" and
"sequence_failed". No torch: it starts in a fraction of a second, and a drag never waits for a
network that predicts.
"""

import argparse
import sys

from core.files.workers import single_threaded_children


def main() -> None:
    """Parse the command line and serve."""
    argparse.ArgumentParser(prog="python -m core.fitter", description=__doc__).parse_args()
    # Its matrices are 61 wide: threads of the numerical library, which reads how many when numpy is
    # imported, would only get in each other's way.
    with single_threaded_children():
        from core.fitter.server import Server
        from core.messages import take_over_stdout
    Server(sys.stdin.buffer, take_over_stdout()).serve()


if __name__ == "__main__":
    main()
