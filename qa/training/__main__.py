"""`python -m qa.training STEP`: from question files to what is shipped.

    question files → prepare → examples → train → weights (→ average, compare) → export → qa/model
                                                  calibrate ← qa/model → qa/confidence.json

Each step logs, writes a manifest, and goes on where it was when it was stopped; but `compare` asks
its readers again.
"""

from __future__ import annotations

import argparse
import logging

from index.errors import FootnoteError
from qa.training import average, calibrate, compare, export, prepare, train

_STEPS = {
    "prepare": prepare,
    "train": train,
    "average": average,
    "compare": compare,
    "export": export,
    "calibrate": calibrate,
}


def main() -> None:
    """Run one step."""
    parser = argparse.ArgumentParser(prog="python -m qa.training", description="Train the reader.")
    steps = parser.add_subparsers(required=True, metavar="STEP")
    for name, module in _STEPS.items():
        head = str(module.__doc__).partition("\n")[0]
        step = steps.add_parser(name, help=head, description=head)
        module.add_options(step)
        step.set_defaults(run=module.run)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    run = options.run
    del options.run
    try:
        run(options)
    except (FootnoteError, OSError) as error:
        parser.exit(2, f"{error}\n")


if __name__ == "__main__":
    main()
