"""One forward pass at a time, in the order of asking."""

from __future__ import annotations

import threading

import pytest

from index.arithmetic import FairLock, letting_questions_first


def test_lock_is_handed_on_in_the_order_of_asking() -> None:
    """Of threads that wait, the first to ask is the first to go, also past the one that held."""
    lock, order = FairLock(), list[int]()
    started = [threading.Event() for _ in range(3)]

    def work(number: int) -> None:
        started[number].set()
        with lock:
            order.append(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    with lock:
        for number, thread in enumerate(threads):
            thread.start()
            started[number].wait()
            while len(lock._waiting) <= number:
                pass
    with lock:
        order.append(99)
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 99]


def test_indexing_lets_questions_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A patient thread goes when nobody else waits, or when so many have gone before it."""
    monkeypatch.setattr("index.arithmetic._OVERTAKING", 4)
    lock, order = FairLock(), list[str]()

    def work(name: str) -> None:
        with lock:
            order.append(name)

    def patient() -> None:
        with letting_questions_first():
            work("patient")

    threads = [threading.Thread(target=patient)]
    threads += [threading.Thread(target=work, args=(f"{n}",)) for n in range(6)]
    with lock:
        for number, thread in enumerate(threads):
            thread.start()
            while len(lock._patient) + len(lock._waiting) <= number:
                pass
    for thread in threads:
        thread.join()
    assert order == ["0", "1", "2", "3", "patient", "4", "5"]
    threads = [threading.Thread(target=patient), threading.Thread(target=work, args=("last",))]
    with lock:
        for number, thread in enumerate(threads):
            thread.start()
            while len(lock._patient) + len(lock._waiting) <= number:
                pass
    for thread in threads:
        thread.join()
    assert order[-2:] == ["last", "patient"]


def test_indexing_waits_between_the_passes_of_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """A patient thread goes after a question's last pass, or after so many of them."""
    monkeypatch.setattr("index.arithmetic._OVERTAKING", 4)
    lock, order = FairLock(), list[str]()

    def patient() -> None:
        with letting_questions_first(), lock:
            order.append("patient")

    def ask(passes: int) -> None:
        thread = threading.Thread(target=patient)
        with lock.question():
            thread.start()
            while not lock._patient:
                pass
            for number in range(passes):
                with lock:
                    order.append(f"{number}")
        thread.join()

    ask(3)
    assert order == ["0", "1", "2", "patient"]
    order.clear()
    ask(0)
    assert order == ["patient"]
    order.clear()
    ask(6)
    assert order == ["0", "1", "2", "3", "patient", "4", "5"]


def test_lock_excludes() -> None:
    """No two threads are inside at once."""
    lock, inside, most = FairLock(), [0], [0]

    def work() -> None:
        for _ in range(200):
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_lock_is_free_after_an_exception() -> None:
    """What is raised inside lets the next thread in."""
    lock = FairLock()
    with pytest.raises(KeyError), lock:
        raise KeyError
    with lock:
        pass
