"""Excluded projects: by which names and addresses they are known."""

from __future__ import annotations

import pytest

from training.collect import listed
from training.excluded import excluded, excluded_address, is_vendored_copy, names


@pytest.mark.parametrize(
    "name",
    [
        "requests",
        "Requests",
        "python-django",
        "django-rest-framework",
        "python3-flask",
        "golang-github-spf13-cobra-dev",
        "golang-github-go-chi-chi",
        "librust-tokio-dev",
        "librust-serde-json-dev",
        "ruby-rack-test",
        "ruby-activesupport",
        "php-symfony-console",
        "php-guzzlehttp-psr7",
        "node-express",
        "libfmt-dev",
        "fmtlib",
        "libcommons-lang3-java",
        "nlohmann-json3",
        "junit5",
        "@nestjs/core",
        "@reduxjs/toolkit",
        "@prisma/client",
        "@trpc/server",
        "nestjs-pino",
        "haskell-aeson-pretty",
        "lazy.nvim",
        "swift_argument_parser",
        "leveldb-sharp",
        "kotlinx-coroutines",
    ],
)
def test_excluded_projects_are_found_under_all_their_names(name: str) -> None:
    assert excluded(name)


@pytest.mark.parametrize(
    "name",
    ["attrs", "numpy", "date-fns", "golang-github-pkg-errors-dev", "librust-itoa-dev", "jansson"],
)
def test_other_projects_are_not(name: str) -> None:
    assert not excluded(name)


def test_a_project_is_known_by_the_address_of_its_source() -> None:
    assert excluded_address("git+https://github.com/expressjs/express.git") == "express"
    assert excluded_address("Source, https://github.com/psf/requests/issues") == "requests"
    assert not excluded_address("git@github.com:tokio-rs/tracing.git https://x.org/a/b/tokio")
    assert excluded_address("github:tokio-rs/tokio") == "tokio"
    assert excluded_address("ssh://git@github.com/pallets/click.git")
    assert not excluded_address("https://github.com/python-attrs/attrs")
    assert not excluded_address("")


def test_vendored_copies_are_known_by_their_folders_and_single_files() -> None:
    assert is_vendored_copy("deps/leveldb/util/cache.cc")
    assert is_vendored_copy("deps/uv/src/threadpool.c")
    assert is_vendored_copy("lib/zod-3.22.4/index.ts")
    assert is_vendored_copy("public/lodash.js")
    assert is_vendored_copy("public/axios.umd.js")
    assert not is_vendored_copy("src/requester/fmtutil/a.js")
    assert not is_vendored_copy("cache/redis.py")


def test_no_listed_package_is_excluded() -> None:
    packages = listed()
    assert len(packages) > 1_000
    assert {p.registry for p in packages} == {"deb", "debian", "npm", "pypi"}
    assert all(p.version for p in packages)


def test_every_name_of_the_list_excludes_itself() -> None:
    assert len(names()) > 140
    for name in names():
        assert excluded("-".join(name))
