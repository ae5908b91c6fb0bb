"""The login: the password as a slow hash, and patience with those who fail to give it.

Who fails is known by the address that a request comes from. After `MOST_FAILURES` failures in a
row an address waits before it may try again, twice as long after each, up to `LONGEST_LOCK`.
Tries while it waits are refused unread and prolong nothing. Where a user name is tried from many
addresses, each new one has a single try before it waits. So nobody can lock out another address,
or their own for ever, and who has logged in stays so.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from index.errors import FootnoteError

MOST_FAILURES = 5  # in a row, of one address; typing errors
MOST_NAME_FAILURES = 50  # of one user name, all addresses together; no typing errors any more
FIRST_LOCK, LONGEST_LOCK = 2.0, 900.0  # seconds
MEMORY = 3600.0  # seconds after which failures are forgotten
MOST_KEPT = 10_000  # addresses and names; beyond, the oldest are forgotten
_COST = {"n": 2**15, "r": 8, "p": 1, "maxmem": 64 * 1024 * 1024}  # 32 MB, about 0.1 s


class LockedOut(FootnoteError):
    """A login was tried too often; `seconds` is how long to wait."""

    def __init__(self, seconds: float) -> None:
        self.seconds = math.ceil(seconds)
        super().__init__(f"Too many wrong logins; try again in {self.seconds} s.")


@dataclass(slots=True)
class _Failures:
    """Failures in a row, and when the lock that they brought ends."""

    count: int = 0
    last: float = 0.0
    locked_until: float = 0.0


class _Ledger:
    """Failures by key, as long as they are remembered; those of `held` make no room for others."""

    def __init__(self, held: str = "") -> None:
        self._held = held
        self._kept: OrderedDict[str, _Failures] = OrderedDict()

    def of(self, key: str, now: float) -> _Failures:
        """Return a key's failures."""
        failures = self._kept.setdefault(key, _Failures())
        self._kept.move_to_end(key)
        if now - failures.last > MEMORY:
            failures.count = 0
        while len(self._kept) > MOST_KEPT:
            del self._kept[next(each for each in self._kept if each != self._held)]
        return failures

    def forget(self, key: str) -> None:
        """Forget a key's failures."""
        self._kept.pop(key, None)


class Login:
    """One user name and the slow hash of its password; safe for use from several threads."""

    def __init__(
        self, user: str, password: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._salt = secrets.token_bytes(16)
        self._user = _digest(user)
        self._hash = self._slow_hash(password)
        self._clock = clock
        self._lock = threading.Lock()
        self._clients, self._names = _Ledger(), _Ledger(held=self._user)

    def check(self, user: str, password: str, *, client: str) -> bool:
        """Say whether user name and password are right; a wrong one takes as long.

        `client` is the address that it comes from. Raises `LockedOut` while that has to wait.
        """
        address, name = _network(client), _digest(user)
        self._begin(address, name)
        same_password = hmac.compare_digest(self._slow_hash(password), self._hash)
        right = hmac.compare_digest(name, self._user) & same_password
        if right:
            with self._lock:
                self._clients.forget(address)
                self._names.of(name, self._clock()).count -= 1
        return right

    def _begin(self, address: str, name: str) -> None:
        """Count a try as a failure until it is known to be none, so that many at once count."""
        now = self._clock()
        with self._lock:
            client = self._clients.of(address, now)
            if now < client.locked_until:
                raise LockedOut(client.locked_until - now)
            named = self._names.of(name, now)
            free = MOST_FAILURES if named.count < MOST_NAME_FAILURES else 1
            client.count, client.last = client.count + 1, now
            named.count, named.last = named.count + 1, now
            if client.count >= free:
                doublings = min(client.count - free, 20)
                client.locked_until = now + min(FIRST_LOCK * 2**doublings, LONGEST_LOCK)

    def _slow_hash(self, password: str) -> bytes:
        data = password.encode(errors="surrogatepass")
        return hashlib.scrypt(data, salt=self._salt, **_COST)


def _digest(user: str) -> str:
    """Return what stands for a user name: of one length, however long that is."""
    return hashlib.sha256(user.strip().encode(errors="surrogatepass")).hexdigest()


def _network(client: str) -> str:
    """Return what one person has: an address, or the 64 bits that an IPv6 network begins with."""
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
