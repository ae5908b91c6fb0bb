"""How models run on the processor: one forward pass at a time, in the fastest good type.

torch spreads one pass over all cores. Two passes at once on the same cores wait for each other's
threads and take several times as long together as one after the other (measured: 2.2 s instead of
0.3 s for ten passages), so passes queue, first come, first served. OpenVINO shares the cores
without that loss but gains nothing from two passes at once; its passes stand in the same queue.
Passes of indexing wait while a question is under way, up to a bound: somebody waits for it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

_OVERTAKING = 128  # questions' passes, each some 0.03 s, that one of indexing lets go first
_patient: ContextVar[bool] = ContextVar("patient", default=False)


@contextmanager
def letting_questions_first() -> Iterator[None]:
    """Make passes inside the block wait while a question is under way, up to a bound."""
    token = _patient.set(True)
    try:
        yield
    finally:
        _patient.reset(token)


class FairLock:
    """A lock that is handed on in the order of asking, to the patient last.

    `threading.Lock` may give itself back to the thread that just let it go, so that a long
    indexing run would starve questions. A patient thread waits while a question is under way,
    also between two passes of it, until `_OVERTAKING` passes have gone before its own.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Event] = deque()
        self._patient: deque[threading.Event] = deque()
        self._overtaken = 0  # how often the first of the patient was
        self._questions = 0  # under way

    @contextmanager
    def question(self) -> Iterator[None]:
        """Tell that a question is under way, from its first pass to its last."""
        with self._guard:
            self._questions += 1
        try:
            yield
        finally:
            with self._guard:
                self._questions -= 1
                if not self._held:
                    self._hand_on()

    def __enter__(self) -> None:
        patient = _patient.get()
        queue = self._patient if patient else self._waiting
        with self._guard:
            if not self._held and not (patient and self._questions):
                self._held = True
                self._overtaken += bool(self._patient)
                return
            turn = threading.Event()
            queue.append(turn)
        try:
            turn.wait()
        except BaseException:
            with self._guard:
                if turn in queue:
                    queue.remove(turn)
                else:  # it was given to this thread at the same moment
                    self._hand_on()
            raise

    def __exit__(self, *_: object) -> None:
        with self._guard:
            self._hand_on()

    def _hand_on(self) -> None:
        """Give the lock to whose turn it is, or to nobody. `_guard` is held."""
        idle = not self._waiting and not self._questions
        self._held = True
        if self._patient and (idle or self._overtaken >= _OVERTAKING):
            self._overtaken = 0
            self._patient.popleft().set()
        elif self._waiting:
            self._overtaken += bool(self._patient)
            self._waiting.popleft().set()
        else:
            self._held = False


PASSES = FairLock()  # whoever computes on all cores holds it


@contextmanager
def forward_pass() -> Iterator[None]:
    """Hold the processor for one forward pass of a torch model, without gradients."""
    import torch

    with PASSES, torch.inference_mode(), fast_products():
        yield


@contextmanager
def fast_products() -> Iterator[None]:
    """Compute torch's products in bfloat16 where the processor or GPU has it natively.

    Measured on a Zen 4 with all-MiniLM-L6-v2: 1.4 to 1.7 times as fast as float32, cosine at least
    0.9999. Where it is not native it is far slower: 70 times in a product of matrices with AVX2.
    """
    import torch

    with (
        torch.autocast("cpu", dtype=torch.bfloat16, enabled=native_bfloat16()),
        torch.autocast("cuda", dtype=torch.bfloat16, enabled=_gpu_bfloat16()),
    ):
        yield


def torch_device() -> str:
    """Return where torch runs models: "cuda" where it can use a GPU, else "cpu"."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


@lru_cache(maxsize=1)
def _gpu_bfloat16() -> bool:
    import torch

    return torch.cuda.is_available() and torch.cuda.is_bf16_supported()


@lru_cache(maxsize=1)
def native_bfloat16() -> bool:
    """Say whether the processor multiplies bfloat16 natively; False where that is not known."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
