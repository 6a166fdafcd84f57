"""``python -m core.engine``: answers predictions over stdin and stdout until stdin closes.

The protocol is `core.messages`; requests are "load", "predict", "promote", "keep" and "cancel",
answers "phase", "ready", "load_failed", "prediction", "failed", "dropped" and "heartbeat".
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from core.engine.requests import LoadRequest
from core.engine.server import Loader, Predictor, Server
from core.messages import take_over_stdout


def load_predictor(request: LoadRequest, say: Callable[[str], None]) -> Predictor:
    """Load the network, saying in words what is being done."""
    say("Importing torch.")
    from core.evaluation.predictor import Predictor as NetworkPredictor
    from core.hand.mano_file import load_hand_model

    say("Loading the hand model.")
    hand_model = load_hand_model(None if request.hand_model is None else Path(request.hand_model))
    say(f"Loading {Path(request.checkpoint).name}.")
    predictor = NetworkPredictor(Path(request.checkpoint), hand_model, request.device)
    say(f"Warming up on {predictor.device_name}.")
    predictor.warm_up()
    return predictor


def serve(load: Loader) -> None:
    """Serve on this process's stdin and stdout."""
    answers = take_over_stdout()
    Server(sys.stdin.buffer, answers, load).serve()


def main() -> None:
    """Parse the command line and serve."""
    argparse.ArgumentParser(prog="python -m core.engine", description=__doc__).parse_args()
    serve(load_predictor)


if __name__ == "__main__":
    main()
