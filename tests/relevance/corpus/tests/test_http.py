"""The client against a server in the same process."""

from __future__ import annotations

import pytest

from ferry.http.client import Client, Request, Response, StatusError
from ferry.http.cookies import CookieJar, parse_set_cookie
from ferry.http.proxy import ProxyMap, parse_proxy_url
from ferry.http.redirects import RedirectPolicy, TooManyRedirects, UnsafeRedirect
from ferry.http.retry import CircuitBreaker, RetryPolicy, parse_retry_after


def answer(status: int, **headers: str) -> Response:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response("https://a.test/x", status, fields, b"")


def test_redirect_limit_is_enforced() -> None:
    policy = RedirectPolicy(limit=2)
    request = Request("GET", "https://a.test/x")
    with pytest.raises(TooManyRedirects, match="exceeded 2 redirects"):
        policy.next_request(request, answer(302, location="/y"), hops=2)


def test_credentials_are_not_sent_to_another_host() -> None:
    request = Request("GET", "https://a.test/x", {"Authorization": "secret"})
    following = RedirectPolicy().next_request(request, answer(302, location="https://b.test/"), 0)
    assert following is not None
    assert "Authorization" not in following.headers


def test_redirect_from_https_to_http_is_refused() -> None:
    request = Request("GET", "https://a.test/x")
    with pytest.raises(UnsafeRedirect):
        RedirectPolicy().next_request(request, answer(302, location="http://a.test/"), 0)


def test_post_is_never_retried() -> None:
    assert not RetryPolicy().allows("POST", 1)
    assert RetryPolicy().allows("PUT", 1)


def test_retry_after_in_seconds_and_as_a_date() -> None:
    assert parse_retry_after("7") == 7
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert parse_retry_after("soon") is None


def test_circuit_opens_after_failures_and_half_opens_after_rest() -> None:
    breaker = CircuitBreaker(threshold=2, rest=0)
    breaker.record("a.test", succeeded=False)
    breaker.record("a.test", succeeded=False)
    assert breaker.permits("a.test")


def test_cookie_for_a_foreign_domain_is_ignored() -> None:
    assert parse_set_cookie("a=1; Domain=b.test", "https://a.test/") is None


def test_expired_cookie_is_forgotten() -> None:
    jar = CookieJar()
    jar.absorb("https://a.test/", {"set-cookie": "a=1"})
    jar.absorb("https://a.test/", {"set-cookie": "a=; Max-Age=0"})
    assert len(jar) == 0


def test_no_proxy_covers_subdomains_and_networks() -> None:
    proxies = ProxyMap({"http": parse_proxy_url("squid:3128")}, ["corp.test", "10.0.0.0/8"])
    assert proxies.select("http://wiki.corp.test/") is None
    assert proxies.select("http://10.1.2.3/") is None
    assert proxies.select("http://elsewhere.test/") is not None


def test_closed_client_refuses_to_send() -> None:
    client = Client()
    client.close()
    with pytest.raises(Exception, match="closed"):
        client.get("https://a.test/")


def test_status_error_carries_the_response() -> None:
    with pytest.raises(StatusError) as caught:
        answer(503).raise_for_status()
    assert caught.value.response.status == 503
