"""One script a stage: read params, call noisyau, write outputs, log the run. No method here."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from noisyau import jobs, outputs
from noisyau.errors import NoisyauError

CORPORA = ("celebrities", "coded")


def start(main: Callable[..., None], **arguments: Sequence[str] | type | None) -> None:
    """Run a stage from the command line; what the user can mend is told without a traceback.

    arguments  option -> its choices, or its type (bool: a flag); None is a text that may be left
               out
    """
    description = sys.modules[main.__module__].__doc__
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, kind in arguments.items():
        how: dict[str, Any] = {"type": kind} if isinstance(kind, type) else {"choices": kind}
        if kind is bool:
            parser.add_argument(f"--{name}", action="store_true")
        else:
            parser.add_argument(f"--{name}", required=kind is not None, **how)
    chosen = vars(parser.parse_args())
    given = [str(value) for value in chosen.values() if not isinstance(value, bool | None)]
    name = "-".join([Path(sys.argv[0]).stem, *given]).replace("/", "-")
    try:
        with jobs.alone(name):
            main(**chosen)
    except NoisyauError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        told = outputs.disk_error(error, Path(error.filename or "the stage's output"))
        if told is error:
            raise
        sys.exit(f"error: {told}")
    except KeyboardInterrupt:
        sys.exit("stopped; finished parts are kept, the same command goes on from there")
