"""One file from the disk to text: what is decoded, what is refused and why."""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesearch.files import Rules, read
from codesearch.files.decode import decode
from codesearch.model import FileStat, Skipped, SkipReason, SourceFile
from codesearch.places import Root

CODE = "def größe(x):\n    return x\n"


def got(
    top: Path,
    name: str,
    data: bytes | None = None,
    rules: Rules | None = None,
    language: str = "python",
) -> SourceFile | Skipped:
    if data is not None:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(data)
    return read(Root(top), FileStat(name, 0, 0), rules or Rules(), lambda *_: language)


def text_of(top: Path, data: bytes) -> str:
    file = got(top, "a.py", data)
    assert isinstance(file, SourceFile), file
    return file.text


def refused(top: Path, name: str, data: bytes | None = None, **more: object) -> Skipped:
    skipped = got(top, name, data, **more)  # type: ignore[arg-type]
    assert isinstance(skipped, Skipped), skipped
    assert skipped.path == name
    return skipped


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "cp1252"]
)
def test_texts_of_every_common_encoding_are_read(tmp_path: Path, encoding: str) -> None:
    assert text_of(tmp_path, CODE.encode(encoding)) == CODE


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_byte_order_marks_of_both_orders(tmp_path: Path, encoding: str) -> None:
    assert text_of(tmp_path, ("\ufeff" + CODE).encode(encoding)) == CODE


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_read_if_it_is_all_ascii(tmp_path: Path, encoding: str) -> None:
    assert text_of(tmp_path, "x = 1\n".encode(encoding)) == "x = 1\n"
    numbers = b"".join(n.to_bytes(2, "little") for n in range(1, 100))
    assert refused(tmp_path, "a.py", numbers).reason is SkipReason.BINARY


def test_what_windows_writes_is_read(tmp_path: Path) -> None:
    assert text_of(tmp_path, "x = 1  # “so” 5 €\n".encode("cp1252")) == "x = 1  # “so” 5 €\n"
    assert text_of(tmp_path, b"x = 1 # \x81\xe9 caf\xe9\n") == "x = 1 # \x81é café\n"


def test_damaged_utf_8_keeps_what_is_whole(tmp_path: Path) -> None:
    data = "# größe, länge, höhe, 日本語\n".encode() + b"# \xff\n"
    assert text_of(tmp_path, data) == "# größe, länge, höhe, 日本語\n# \ufffd\n"


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    text = decode(data)
    assert text in {SkipReason.BINARY, SkipReason.UNDECODABLE} or "\0" not in text


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=100))
def test_utf_8_is_always_read_as_it_is(text: str) -> None:
    assert decode(text.removeprefix("\ufeff").encode()) == text.removeprefix("\ufeff")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", SkipReason.EMPTY),
        (b" \n\t\r\n", SkipReason.EMPTY),
        (b"\xef\xbb\xbf", SkipReason.EMPTY),
        (b"x = 1\n\0\n", SkipReason.BINARY),
        (b"\x89PNG\r\n\x1a\n\x00\x00", SkipReason.BINARY),
        (b"\x01\x02\xff\xfe" * 10, SkipReason.BINARY),
        (b"\xff\xfea", SkipReason.UNDECODABLE),
        ("コードを検索する\n".encode("shift-jis") * 5, SkipReason.UNDECODABLE),
    ],
)
def test_what_is_no_text(tmp_path: Path, data: bytes, reason: SkipReason) -> None:
    assert refused(tmp_path, "a.py", data).reason is reason


def test_line_ends_are_one_character(tmp_path: Path) -> None:
    assert text_of(tmp_path, b"a\r\nb\rc\n\r\nd\n") == "a\nb\nc\n\nd\n"


def test_the_digest_is_of_the_bytes_on_disk(tmp_path: Path) -> None:
    for data in (b"a\nb\n", b"a\r\nb\r\n", b"\xef\xbb\xbfa\nb\n"):
        file = got(tmp_path, "a.py", data)
        assert isinstance(file, SourceFile)
        assert file.text == "a\nb\n"
        assert file.digest == hashlib.blake2b(data, digest_size=16).hexdigest()


def test_the_detector_gets_path_and_text(tmp_path: Path) -> None:
    (tmp_path / "run").write_bytes(b"#!/bin/sh\r\n")
    seen: list[tuple[str, str]] = []

    def detect(path: str, head: str) -> str:
        seen.append((path, head))
        return "bash"

    file = read(Root(tmp_path), FileStat("run", 0, 0), Rules(), detect)
    assert isinstance(file, SourceFile)
    assert file.language == "bash"
    assert seen == [("run", "#!/bin/sh\n")]


def test_files_that_are_too_large(tmp_path: Path) -> None:
    limit = Rules(max_file_bytes=1000)
    skipped = refused(tmp_path, "a.py", b"x = 1\n" * 400, rules=limit)
    assert skipped == Skipped("a.py", SkipReason.TOO_LARGE, "2 kB (limit 1 kB)")
    skipped = refused(tmp_path, "b.py", b"x = 1\n" * 350_000)
    assert skipped.detail == "2.1 MB (limit 1.0 MB)"
    assert isinstance(got(tmp_path, "c.py", b"x" * 1000, rules=limit), SourceFile)


def test_data_formats_are_held_to_a_smaller_size(tmp_path: Path) -> None:
    data = b'{"a": 1}\n' * 15_000
    assert refused(tmp_path, "a.json", data).reason is SkipReason.TOO_LARGE
    assert isinstance(got(tmp_path, "a.py", data), SourceFile)


def test_a_single_line_of_many_megabytes(tmp_path: Path) -> None:
    many = Rules(max_file_bytes=20_000_000)
    skipped = refused(tmp_path, "a.txt", b"x" * 10_000_000, rules=many, language="text")
    assert skipped.reason is SkipReason.LONG_LINES


def test_minified_code_is_known_by_its_lines(tmp_path: Path) -> None:
    line = b"var a=1;function b(c){return c+a};" * 30 + b"\n"
    assert refused(tmp_path, "a.js", line * 10).reason is SkipReason.LONG_LINES
    prose = got(tmp_path, "a.md", line * 10, language="markdown")
    assert isinstance(prose, SourceFile)
    assert isinstance(got(tmp_path, "small.js", line), SourceFile)


def test_one_embedded_picture_makes_no_data_of_a_source_file(tmp_path: Path) -> None:
    data = b"def a():\n    return 1\n\n" * 1000 + b"picture = '" + b"A" * 25_000 + b"'\n"
    assert isinstance(got(tmp_path, "a.py", data), SourceFile)
    data = b"a = 1\n" + b"A" * 25_000
    assert refused(tmp_path, "b.py", data).reason is SkipReason.LONG_LINES


@pytest.mark.parametrize(
    ("language", "head"),
    [
        ("go", "// Code generated by protoc-gen-go. DO NOT EDIT.\n\npackage a\n"),
        ("go", "/*\nCopyright X.\n*/\n\n// Code generated by gen. DO NOT EDIT.\n\npackage a\n"),
        ("python", "# -*- coding: utf-8 -*-\n# Generated by the compiler.  DO NOT EDIT!\nx = 1\n"),
        ("python", '#!/bin/python\n"""\nThis file is generated.\nDo not edit.\n"""\nx = 1\n'),
        ("rust", "// @generated\npub fn a() {}\n"),
        ("javascript", "/**\n * @generated SignedSource<<0>>\n */\nmodule.exports = 1\n"),
        ("c_sharp", "//------\n// <auto-generated>\n//     By a tool.\nnamespace A {}\n"),
        ("c", "/* A Bison parser, made by GNU Bison 3.8.2.  */\nint x;\n"),
        ("c", '#line 3 "s.c"\n#define Y 1\n/* A lexical scanner generated by flex */\nint x;\n'),
        ("rust", "/* automatically generated by rust-bindgen 0.69 */\npub type A = u8;\n"),
        ("dart", "// GENERATED CODE - DO NOT MODIFY BY HAND\npart of 'a.dart';\n"),
        ("ruby", "# frozen\n\n# This file is generated by bin/x and must not be edited.\nX = 1\n"),
        ("php", "<?php\n// This file was auto-generated.\n// Please do not edit it.\n"),
        ("java", "package a;\n/* Generated by ANTLR. Don't edit. */\nclass A {}\n"),
        ("text", "<!-- This is generated; do not edit -->\n<a/>\n"),
    ],
)  # fmt: skip
def test_a_file_that_says_it_was_generated(tmp_path: Path, language: str, head: str) -> None:
    skipped = refused(tmp_path, "a", head.encode() + b"more\n", language=language)
    assert skipped.reason is SkipReason.GENERATED
    assert skipped.detail.startswith("line ")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", "import sys\nHEAD = '''\n# Code generated by us. DO NOT EDIT.\n'''\n"),
        ("go", "package gen\n\nconst head = `\n// Code generated by gen. DO NOT EDIT.\n`\n"),
        ("perl", "#!/usr/bin/perl\nprint <<E;\n/* generated, DO NOT EDIT */\nE\n"),
        ("python", "# Generated by Django 5.0 on 2024-01-01\nfrom django.db import models\n"),
        ("python", "# Ids are generated.\n# ...\n# ...\n# ...\n# Do not edit the list.\nx = 1\n"),
        ("julia", "@generated function f(x)\n    :(x)\nend\n"),
        ("python", "# Which files carry the word @generated.\nx = 1\n"),
        ("markdown", "<!-- README.md is generated from a template; do not edit -->\n# Title\n"),
        ("go", "package a\n" + "// words\n" * 60 + "// Code generated by x. DO NOT EDIT.\n"),
    ],
)  # fmt: skip
def test_a_file_that_only_speaks_of_generating(tmp_path: Path, language: str, text: str) -> None:
    assert isinstance(got(tmp_path, "a", text.encode(), language=language), SourceFile)


def test_the_settings_take_in_what_seems_generated(tmp_path: Path) -> None:
    data = b"# @generated\nx = 1\n"
    for include in ("gen/a.py", "gen/", "a.py", "*.py"):
        assert isinstance(got(tmp_path, "gen/a.py", data, Rules(include=(include,))), SourceFile)
    for include in ("b.py", "gen/b/"):
        assert isinstance(got(tmp_path, "gen/a.py", data, Rules(include=(include,))), Skipped)


def test_links_are_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.py").write_text("x = 1\n")
    (tmp_path / "link.py").symlink_to("real/a.py")
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("link.py", "folder/a.py", "loop"):
        assert refused(tmp_path, name) == Skipped(name, SkipReason.SPECIAL, "symbolic link")


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder"])
def test_what_is_no_file_is_refused_and_does_not_block(kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:  # a socket's path must be short
        top = Path(folder).resolve()
        if kind == "pipe":
            os.mkfifo(top / "x.py")
        elif kind == "folder":
            (top / "x.py").mkdir()
        else:
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(top / "x.py"))
        assert refused(top, "x.py").reason is SkipReason.SPECIAL


@pytest.mark.parametrize(
    "name",
    ["missing.py", "a.py/b.py", "../x.py", "/etc/passwd", "a\0b", "", "x/../a.py", "x" * 5000],
)
def test_what_cannot_be_opened_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    skipped = refused(tmp_path, name)
    assert skipped.reason is SkipReason.UNREADABLE
    assert skipped.detail


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_a_file_that_changes_while_it_is_read() -> None:
    """A file of the kernel: its size is 0 before and after, and yet there is something to read."""
    skipped = refused(Path("/proc/self"), "status")
    assert skipped.detail == "it changed while it was read"
    assert skipped.reason is SkipReason.UNREADABLE
