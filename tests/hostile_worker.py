"""The process that parses files, with a text parser that does the harm that a file asks for.

`HostileParser` of `test_parser.py` starts it in place of `index/worker.py`; nothing shipped can.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from typing import Any

sys.path[:] = json.loads(sys.argv[1])

from index import worker  # noqa: E402
from index.formats import Draft, read  # noqa: E402
from index.formats.limits import Limits  # noqa: E402

harm: dict[str, Any] = {"files": 0, "poisoned": False, "answer": worker._answer}


def misbehave(data: bytes, stem: str) -> list[Draft]:
    """Do what the first word of a file says, with the rest of it; the text is what came of it."""
    harm["files"] += 1
    verb, _, rest = data.decode().strip().partition(" ")
    text = "done"
    if harm["poisoned"] or verb == "segfault":
        ctypes.string_at(0)
    match verb:
        case "poison":
            harm["poisoned"] = True
        case "memory":
            text = str(len([bytearray(1 << 20) for _ in range(1 << 20)]))
        case "spin":
            while True:
                pass
        case "sleep":
            time.sleep(3600)
        case "exit":
            os._exit(0)
        case "long":
            text = "x" * int(rest)
        case "print":
            sys.stdout.write("noise" * 1000)
            os.write(1, b"noise" * 1000)
        case "open":
            with open(rest) as file:  # noqa: PTH123
                text = file.read()
        case "write":
            os.open(rest, os.O_WRONLY | os.O_CREAT)
        case "fork":
            text = str(os.fork())
        case "connect":
            import socket

            socket.create_connection(("127.0.0.1", int(rest)))
        case "environment":
            text = " ".join(os.environ) or "empty"
        case "state":
            text = f"{harm['files']} files, process {os.getpid()}"
    return [Draft(stem, text)]


def answer(data: bytes, name: str, limits: Limits) -> bytes:
    """Answer as a process that was taken over might."""
    verb, _, rest = data.decode().partition(" ")
    if verb == "answer":
        return rest.encode()
    if verb == "flood":
        return b" " * int(rest)
    result: bytes = harm["answer"](data, name, limits)
    return result


read._READERS[".txt"] = misbehave
worker._answer = answer
worker.main(Limits(**json.loads(sys.argv[2])))
