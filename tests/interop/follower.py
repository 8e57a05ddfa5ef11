"""The steps of the page "Verify in another language" in Python with PyJWT: a follower that shares no code with ours."""

import base64
import json
from collections.abc import Iterator, Mapping
from math import inf
from typing import Any, Final

import jwt

DAY: Final = 86_400
OVERLAP: Final = 60
FEED: Final = "keyturn-revocations+jwt"


class Refused(Exception):
    """A document or a token that is not accepted."""


def check(is_good: object, fault: str) -> None:
    """Raise ``Refused`` unless something is good."""
    if not is_good:
        raise Refused(fault)


class Follower:
    """The state of one follower. Its names are those of the page. ``at`` is the time, set by the test."""

    def __init__(self, *, issuer: str, audience: str, leeway: int = 30, stale_after: int = 30) -> None:
        self.issuer, self.audience, self.leeway, self.stale_after = issuer, audience, leeway, stale_after
        self.at = 0.0
        self.keys: dict[str, Any] = {}
        self.dropped: set[str] = set()
        self.unnamed: set[str] = set()
        self.keys_at = 0
        self.revoked: dict[str, int] = {}
        self.cut_off = -inf
        self.lifetime = DAY
        self.as_of = 0
        self.received_at = 0.0
        self.last: dict[str, Any] | None = None
        self.needs_everything = False

    def set_keys(self, jwk_set: Mapping[str, Any]) -> None:
        """Step 2: take the keys of a JWK Set."""
        usable = [each for each in jwk_set["keys"] if each["kty"] == "RSA" and each.get("use", "sig") == "sig"]
        check(usable, "the JWK Set has no usable key")
        self.keys = {each["kid"]: jwt.PyJWK(each, "RS256").key for each in usable}
        if self.is_stale():
            self.unnamed.clear()

    def key(self, header: Mapping[str, Any]) -> Any:
        """Step 2: return a trusted key."""
        kid = header.get("kid")
        check(kid in self.keys and kid not in self.dropped | self.unnamed, "no trusted key has this kid")
        return self.keys[str(kid)]

    def read(self, text: str) -> dict[str, Any]:
        """Step 3: return a page of the feed."""
        header = self._header(text)
        feed: dict[str, Any] = json.loads(self._payload(text, header))
        check(header.get("typ") == FEED, "this is no feed")
        check(feed["iss"] == self.issuer, "the feed is another issuer's")
        check(self.at < feed["exp"] + self.leeway, "the feed has expired")
        in_order = feed["iat"] <= self.at + self.leeway and feed["as_of"] <= feed["iat"] <= feed["exp"]
        check(in_order, "the times of the feed are wrong")
        trusts_itself = header["kid"] in feed["keys"] and header["kid"] not in feed["dropped"]
        check(trusts_itself, "the feed does not trust its own key")
        return feed

    def check_first(self, feed: Mapping[str, Any]) -> None:
        """Step 4: check that the first page of an answer fits."""
        check(self.last is None or feed["iat"] >= self.last["iat"], "the feed is older than one seen before")
        check(feed["since"] <= max(0, self.as_of - OVERLAP), "the feed leaves out earlier revocations")
        check(feed.get("cut_off", inf) >= self.cut_off, "the cut-off of the feed moves back")
        check(feed.get("page", {}).get("after", "0") == "0", "this is not the first page")

    def check_later(self, feed: Mapping[str, Any], asked: str) -> None:
        """Step 4: check that a later page follows."""
        page = feed.get("page")
        check(page and page["after"] != "0", "this is not a later page")
        assert page is not None
        check(_bytes(page["after"]) <= _bytes(asked), "the page begins too late")
        check("next" not in page or _bytes(page["next"]) > _bytes(asked), "the page goes back")

    def apply(self, feed: Mapping[str, Any]) -> None:
        """Step 5: apply a page."""
        if feed["iat"] >= self.keys_at:
            self.keys_at = feed["iat"]
            self.dropped |= {*feed["dropped"]}
            self.unnamed = {*self.keys} - {*feed["keys"]}
        self.cut_off = max(self.cut_off, feed.get("cut_off", -inf))
        for sid, at in _sessions(feed):
            self.revoked.setdefault(sid, at)

    def finish(self, first: dict[str, Any], as_of: int, received_at: float) -> None:
        """Step 6: know everything up to ``as_of``."""
        if self.last is None or first["iat"] > self.last["iat"]:
            self.received_at = received_at
        self.last, self.as_of = first, max(self.as_of, as_of)
        lifetime = min(first.get("token_lifetime", DAY), first["window"] - self.leeway, DAY)
        if "token_lifetime" not in first:
            lifetime = DAY
        self.needs_everything = lifetime > self.lifetime and first["since"] > 0
        if not self.needs_everything:
            self.lifetime = lifetime
        forgotten = first["iat"] - first["window"] - self.leeway
        self.revoked = {sid: at for sid, at in self.revoked.items() if at >= forgotten}

    def is_stale(self) -> bool:
        """Step 6: return whether new revocations may be missing for too long."""
        if self.last is None:
            return True
        since_news = self.at - self.received_at + self.last["iat"] - min(self.as_of, self.last["iat"])
        return bool(max(since_news, self.at - self.as_of - self.leeway) > self.stale_after)

    def verify(self, token: str) -> dict[str, Any]:
        """Step 7: return the claims of a valid token."""
        header = self._header(token)
        claims: dict[str, Any] = json.loads(self._payload(token, header))
        check({*header} == {"alg", "kid", "typ"} and header["typ"] == "at+jwt", "the header has other members")
        check({"sub", "client_id", "iat", "exp", "jti"} <= claims.keys(), "a claim is missing")
        audience = claims.get("aud")
        check(claims.get("iss") == self.issuer, "another issuer")
        check(self.audience in (audience if isinstance(audience, list) else [audience]), "another audience")
        issued_at, expires_at = claims["iat"], claims["exp"]
        check(0 <= expires_at - issued_at <= DAY, "the lifetime of the token is wrong")
        check(issued_at <= self.at + self.leeway, "the token is from the future")
        end = min(expires_at, issued_at + self.lifetime)
        check(self.at < end + self.leeway, "the token has expired")
        is_revoked = (
            claims.get("sid") in self.revoked or claims["auth_time"] <= self.cut_off if "sid" in claims else False
        )
        check(not is_revoked, "the session was revoked")
        return {**claims, "exp": end}

    def _header(self, text: str) -> dict[str, Any]:
        try:
            return dict(jwt.get_unverified_header(text))
        except jwt.InvalidTokenError as error:
            raise Refused("no JWS") from error

    def _payload(self, text: str, header: Mapping[str, Any]) -> bytes:
        """Return what a trusted key signed with RS256."""
        key = self.key(header)
        try:
            return bytes(jwt.PyJWS().decode(text, key, algorithms=["RS256"]))
        except jwt.InvalidTokenError as error:
            raise Refused("the signature is wrong") from error


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) if text != "0" else b""


def _sessions(feed: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Step 9: yield the sessions of a page."""
    page = feed.get("page")
    if page is None:
        yield from feed["revoked"].items()
        return
    sids, at, number = _bytes(page["sids"]), page["from"], 0
    for step in _bytes(page["steps"]):
        at += step
        if step != 255:
            yield base64.urlsafe_b64encode(sids[16 * number : 16 * number + 16]).decode().rstrip("="), at
            number += 1
