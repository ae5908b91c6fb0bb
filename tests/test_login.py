"""The login: what is kept of a password, who has to wait, and what stays shut before it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from test_page import serving

from ui import login
from ui.login import LONGEST_LOCK, MOST_FAILURES, MOST_NAME_FAILURES, LockedOut, Login


class Clock:
    """A clock that is set by hand."""

    now = 10_000.0

    def __call__(self) -> float:
        """Return what it is set to."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Login:
    monkeypatch.setitem(login._COST, "n", 2)  # the hash itself has its own test
    return Login("me", "secret", clock=clock)


def fail(door: Login, times: int, *, client: str = "10.0.0.1", user: str = "me") -> None:
    for _ in range(times):
        assert not door.check(user, "wrong", client=client)


def test_only_the_right_pair_opens(door: Login) -> None:
    """Both must be right; spaces around the name do not count, in the password they do."""
    for number, (user, password) in enumerate(
        [("me", "Secret"), ("me", "secret "), ("Me", "secret"), ("", ""), ("me", "\ud800")]
    ):
        assert not door.check(user, password, client=f"10.0.0.{number}")
    assert door.check(" me ", "secret", client="10.0.1.1")


def test_the_password_is_not_kept() -> None:
    """A slow hash with a salt of its own is kept, never the words."""
    password = "correct horse " + str(7)
    door = Login("me", password)
    other = Login("me", password)
    assert door._hash != other._hash
    kept = [value for value in vars(door).values() if value == password]
    assert kept == []
    assert password not in repr(gc.get_referents(door, vars(door)))
    assert login._COST["n"] * login._COST["r"] * 128 >= 32 * 1024 * 1024  # bytes for one guess


def test_an_unknown_name_takes_the_same_way(door: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash is made once for a right name and for a wrong one, so that time tells nothing."""
    made: list[str] = []
    honest = door._slow_hash

    def counted(password: str) -> bytes:
        made.append(password)
        return honest(password)

    monkeypatch.setattr(door, "_slow_hash", counted)
    fail(door, 1)
    fail(door, 1, user="nobody", client="10.0.0.2")
    assert len(made) == 2


def test_failures_lock_an_address_longer_each_time(door: Login, clock: Clock) -> None:
    """The lock doubles up to its longest; what is tried meanwhile prolongs nothing."""
    fail(door, MOST_FAILURES)
    waits = []
    for _ in range(15):
        with pytest.raises(LockedOut, match="Too many wrong logins") as locked:
            door.check("me", "secret", client="10.0.0.1")
        with pytest.raises(LockedOut) as again:
            door.check("me", "wrong", client="10.0.0.1")
        assert again.value.seconds == locked.value.seconds
        waits.append(locked.value.seconds)
        clock.now += locked.value.seconds
        fail(door, 1)
    assert waits[:4] == [2, 4, 8, 16]
    assert max(waits) == waits[-1] == LONGEST_LOCK


def test_the_owner_is_never_locked_out_for_ever(door: Login, clock: Clock) -> None:
    """Another address comes in at once, the same one after its wait, and then is as new."""
    fail(door, MOST_FAILURES)
    assert door.check("me", "secret", client="10.0.0.2")
    clock.now += 2
    assert door.check("me", "secret", client="10.0.0.1")
    fail(door, MOST_FAILURES)


def test_many_addresses_have_one_try_each(door: Login, clock: Clock) -> None:
    """A name that is tried from everywhere costs each new address a wait after one failure."""
    for number in range(MOST_NAME_FAILURES // MOST_FAILURES):
        fail(door, MOST_FAILURES, client=f"10.0.0.{number}")
    fail(door, 1, client="10.0.1.1")
    with pytest.raises(LockedOut):
        fail(door, 1, client="10.0.1.1")
    for number in range(100):
        assert door.check("me", "secret", client=f"10.0.2.{number}")
    fail(door, 2, client="10.0.1.2", user="somebody")


def test_other_names_do_not_hide_failures(door: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name's failures stay, however many other names are tried; a locked address adds none."""
    monkeypatch.setattr(login, "MOST_KEPT", 20)
    for number in range(MOST_NAME_FAILURES // MOST_FAILURES):
        fail(door, MOST_FAILURES, client=f"10.0.0.{number}")
    for number in range(30):
        with pytest.raises(LockedOut):
            fail(door, 1, client="10.0.0.1", user=f"locked {number}")
    assert len(door._names._kept) == 1
    for number in range(30):
        fail(door, 1, client=f"10.0.1.{number}", user=f"u{number}")
    fail(door, 1, client="10.0.2.1")
    with pytest.raises(LockedOut):
        fail(door, 1, client="10.0.2.1")


def test_a_network_is_one_client(door: Login) -> None:
    """Of IPv6 the network counts, of which one person has as many addresses as they like."""
    for number in range(MOST_FAILURES):
        fail(door, 1, client=f"2001:db8::{number}")
    with pytest.raises(LockedOut):
        fail(door, 1, client="2001:db8::99")
    fail(door, 1, client="2001:db8:0:1::1")
    fail(door, MOST_FAILURES, client="::ffff:10.0.0.1")
    with pytest.raises(LockedOut):
        fail(door, 1, client="10.0.0.1")


def test_what_is_remembered_has_a_bound(door: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any number of names and addresses takes bounded memory."""
    monkeypatch.setattr(login, "MOST_KEPT", 10)
    for number in range(50):
        fail(door, 1, client=f"10.0.0.{number}", user=f"u{number}")
    assert len(door._clients._kept) <= 11
    assert len(door._names._kept) <= 11


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with serving("--login") as url, httpx.Client(base_url=url, timeout=60) as client:
        yield client


BEHIND = (
    "config", "gradio_api/info", "gradio_api/openapi.json", "openapi.json",
    "gradio_api/queue/data?session_hash=x", "gradio_api/call/ask/x", "gradio_api/heartbeat/x",
    "gradio_api/upload_progress?upload_id=x", "gradio_api/mcp/", "gradio_api/mcp/schema",
)  # fmt: skip


def test_nothing_is_served_before_the_login(client: httpx.Client) -> None:
    """Neither reading nor changing, whatever cookie comes along; health alone is told."""
    for path in BEHIND:
        assert client.get(path).status_code == 401, path
    for path in ("run/predict", "queue/join", "call/ask", "call/v2/ask", "upload", "cancel"):
        for cookie in ("", "access-token-unsecure=x", "access-token-=x"):
            reply = client.post(f"gradio_api/{path}", json={}, headers={"Cookie": cookie})
            assert reply.status_code == 401, path
    assert client.get("healthz").status_code == 200
    assert "Panama" not in client.get("/").text


def test_logging_out_ends_the_login(client: httpx.Client) -> None:
    """The cookie opens nothing any more, whatever the address asks to keep."""
    for query in ("", "?all_session=false"):
        with httpx.Client(base_url=client.base_url, timeout=60) as fresh:
            fresh.post("login", data={"username": "me", "password": "secret"})
            (kept,) = (f"{n}={v}" for n, v in fresh.cookies.items() if "unsecure" in n)
        cookie = {"Cookie": kept}  # the one that a browser sends over plain HTTP
        assert client.get("config", headers=cookie).status_code == 200
        client.get(f"logout{query}", headers=cookie)
        assert client.get("config", headers=cookie).status_code == 401


def test_the_cookie_and_the_lock(client: httpx.Client) -> None:
    """The cookie is not for scripts nor other sites; guessing many at once ends in 429."""

    def attempt(password: str) -> httpx.Response:
        with httpx.Client(base_url=client.base_url, timeout=60) as fresh:
            return fresh.post("login", data={"username": "me", "password": password})

    right = attempt("secret")
    cookies = right.headers.get_list("set-cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "samesite=none" not in cookie.lower()
    token = cookies[-1].partition(";")[0]
    assert client.get("config", headers={"Cookie": token}).status_code == 200
    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(attempt, [f"guess {number}" for number in range(20)]))
    refused = [reply for reply in replies if reply.status_code == 429]
    assert {reply.status_code for reply in replies} == {400, 429}
    assert len(refused) >= 20 - 2 * MOST_FAILURES
    assert all(1 <= int(reply.headers["retry-after"]) <= LONGEST_LOCK for reply in refused)
    assert client.get("config", headers={"Cookie": token}).status_code == 200  # still logged in


def test_a_header_is_no_other_address(client: httpx.Client) -> None:
    """The lock goes by who is connected, whatever address a header names."""
    wrong = {"username": "me", "password": "wrong"}
    replies = [
        client.post("login", data=wrong, headers={"X-Forwarded-For": f"10.{number}.1.1"})
        for number in range(MOST_FAILURES + 1)
    ]
    assert replies[-1].status_code == 429
