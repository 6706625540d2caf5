"""Who is signed in: passwords, sessions and the lock-out after bad guesses."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field

SCRYPT = {"n": 2**14, "r": 8, "p": 1}
LIFETIME = 12 * 3600
IDLE = 30 * 60


class AuthError(Exception):
    """A sign-in or a session that we refuse. The text never says which part was wrong."""


@dataclass
class Session:
    id: str
    user: str
    created: float
    seen: float
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    def alive(self, now: float) -> bool:
        return now - self.created < LIFETIME and now - self.seen < IDLE


def hash_password(password: str) -> str:
    salt = secrets.token_bytes(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, **SCRYPT)
    return f"scrypt${salt.hex()}${digest.hex()}"


def verify_password(password: str, stored: str) -> bool:
    """Compare in constant time; a record of an unknown scheme matches nothing."""
    scheme, _, rest = stored.partition("$")
    if scheme != "scrypt":
        return False
    salt, _, expected = rest.partition("$")
    digest = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), **SCRYPT)
    return hmac.compare_digest(digest.hex(), expected)


class LoginThrottle:
    """Slows down guessing: every failure in a row doubles the time that a name is shut."""

    def __init__(self, free: int = 3, base: float = 5.0) -> None:
        self.free = free
        self.base = base
        self._misses: dict[str, tuple[int, float]] = {}

    def check(self, user: str, now: float) -> None:
        count, last = self._misses.get(user, (0, 0.0))
        if count <= self.free:
            return
        shut = self.base * 2 ** (count - self.free - 1)
        if now < last + shut:
            raise AuthError("too many attempts, please wait a moment")

    def miss(self, user: str, now: float) -> None:
        count, _ = self._misses.get(user, (0, 0.0))
        self._misses[user] = (count + 1, now)

    def reset(self, user: str) -> None:
        self._misses.pop(user, None)


class SessionStore:
    def __init__(self, users: dict[str, str]) -> None:
        self._users = users
        self._sessions: dict[str, Session] = {}
        self._throttle = LoginThrottle()

    def sign_in(self, user: str, password: str) -> Session:
        """Check the password and open a session under a fresh id."""
        now = time.time()
        self._throttle.check(user, now)
        stored = self._users.get(user)
        if stored is None or not verify_password(password, stored):
            self._throttle.miss(user, now)
            raise AuthError("wrong name or password")
        self._throttle.reset(user)
        session = Session(secrets.token_urlsafe(32), user, now, now)
        self._sessions[session.id] = session
        return session

    def load(self, session_id: str) -> Session:
        now = time.time()
        session = self._sessions.get(session_id)
        if session is None or not session.alive(now):
            self._sessions.pop(session_id, None)
            raise AuthError("your session has ended, sign in again")
        session.seen = now
        return session

    def rotate(self, session: Session) -> Session:
        """A new id for the same person, to be used whenever privileges change."""
        self._sessions.pop(session.id, None)
        session.id = secrets.token_urlsafe(32)
        self._sessions[session.id] = session
        return session

    def check_csrf(self, session: Session, token: str) -> None:
        if not hmac.compare_digest(session.csrf, token):
            raise AuthError("the form is no longer valid, reload the page")

    def sign_out(self, session_id: str) -> None:
        self._sessions.pop(session_id, None)

    def sign_out_everywhere(self, user: str) -> int:
        theirs = [key for key, session in self._sessions.items() if session.user == user]
        for key in theirs:
            del self._sessions[key]
        return len(theirs)

    def sweep(self) -> int:
        now = time.time()
        dead = [key for key, session in self._sessions.items() if not session.alive(now)]
        for key in dead:
            del self._sessions[key]
        return len(dead)
