"""How long each runtime takes for the same passages on this machine."""

from __future__ import annotations

import statistics
import time

from index.embedder import DEFAULT_MODEL, Embedder, load_embedder
from index.inference.runtime import Calibration, Runtime

_ROUNDS = 5
_PASSAGES = [  # of the length that articles are cut to
    f"{number}. The lighthouse of the northern cape was built in 1842 by Eleanor Marsh. " * 12
    for number in range(16)
]


def calibrate(name: str = DEFAULT_MODEL) -> Calibration:
    """Measure each runtime that can run an encoder, in rounds that alternate.

    Raises:
        ModelError: the encoder cannot be loaded.

    """
    embedders: dict[Runtime, Embedder] = {}
    for runtime in Runtime:
        loaded = load_embedder(name, runtime=runtime)
        if loaded.runtime is runtime:
            embedders[runtime] = loaded
    seconds: dict[Runtime, list[float]] = {runtime: [] for runtime in embedders}
    for turn in range(_ROUNDS + 1):
        for runtime, embedder in embedders.items():
            begun = time.perf_counter()
            embedder.encode_passages(_PASSAGES)
            if turn:  # the first warms up
                seconds[runtime].append(time.perf_counter() - begun)
    return Calibration({runtime: statistics.median(each) for runtime, each in seconds.items()})
