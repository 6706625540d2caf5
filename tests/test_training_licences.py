"""Licences: what may be trained on, and what is refused."""

from __future__ import annotations

import json

import pytest

from training import licences

MIT_TEXT = "Permission is hereby granted, free of charge, to any person obtaining a copy of this"


@pytest.mark.parametrize(
    "expression",
    [
        "MIT",
        "Expat",
        "BSD-3-Clause",
        "BSD 3-Clause License",
        "Apache License, Version 2.0",
        "Apache-2.0 WITH LLVM-exception",
        "Apache-2.0 or MIT",
        "(MIT OR GPL-3.0)",
        "MIT/Apache-2.0",
        "GPL-2+ or BSD-3-clause",
        "Expat, and BSD-2-clause",
        "Zlib",
        "PSF-2.0",
        "public-domain",
        "BSL-1.0",
    ],
)
def test_permissive_expressions_are_taken(expression: str) -> None:
    assert licences.permissive(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "GPL-3.0",
        "GPL-2+ with openssl-exception",
        "LGPL-2.1+",
        "MIT AND GPL-2.0",
        "Expat and LGPL-2.1+",
        "MPL-2.0",
        "EPL-1.0 or LGPL-2.1",
        "BSD-3-clause GPL-2",
        "CC-BY-NC-4.0",
        "BUSL-1.1",
        "Artistic or GPL-1+",
        "SEE LICENSE IN LICENSE.md",
        "UNLICENSED",
        "(MIT",
        "MIT)",
        "MIT or",
        "(" * 200 + "MIT" + ")" * 200,
    ],
)
def test_all_else_is_refused(expression: str) -> None:
    assert not licences.permissive(expression)


def test_a_text_is_known_by_its_grant_unless_it_names_a_copyleft_licence() -> None:
    assert licences.of_text(f"Copyright (c) 2020\n\n{MIT_TEXT}\n...") == "MIT"
    assert not licences.of_text(f"{MIT_TEXT} ... or under the GNU General Public License")
    assert not licences.of_text("All rights reserved.")


def test_a_wheel_is_judged_by_expression_then_classifiers_then_words_then_its_files() -> None:
    def of(*lines: str, texts: tuple[str, ...] = ()) -> str:
        return licences.of_wheel("\n".join(["Name: x", *lines, "", "body"]), texts)

    mit, gpl = "License :: OSI Approved :: MIT License", "License :: OSI Approved :: GNU GPL"
    assert of("License-Expression: MIT", f"Classifier: {gpl}") == "MIT"
    assert not of("License-Expression: GPL-3.0-only", f"Classifier: {mit}")
    assert of(f"Classifier: {mit}") == "MIT"
    assert not of(f"Classifier: {mit}", f"Classifier: {gpl}")
    assert not of("Classifier: License :: Other/Proprietary License")
    assert of("License: BSD") == "BSD"
    assert not of("License: GPL")
    assert of(texts=(MIT_TEXT,)) == "MIT"
    assert not of(texts=(MIT_TEXT, "GNU LESSER GENERAL PUBLIC LICENSE"))
    assert not of()


def test_an_npm_package_is_judged_by_its_package_json() -> None:
    def of(package: object, *texts: str) -> str:
        return licences.of_npm(json.dumps(package), texts)

    assert of({"license": "ISC"}) == "ISC"
    assert of({"license": {"type": "MIT"}}) == "MIT"
    assert of({"licenses": [{"type": "GPL-2.0"}, {"type": "MIT"}]})
    assert of({}, MIT_TEXT) == "MIT"
    assert not of({"license": "UNLICENSED"}, MIT_TEXT)
    assert not of({})
    assert not of([])
    assert not licences.of_npm("no json")


COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: x

Files: *
Copyright: 2020 A
License: Expat

Files: src/gpl/*
 lib/one.c
Copyright: 2020 B
License: GPL-2+

Files: src/gpl/free.c
Copyright: 2020 C
License: BSD-3-clause

License: Expat
 Permission is hereby granted
"""


def test_of_a_debian_source_the_last_matching_stanza_decides_for_each_file() -> None:
    rules = licences.of_debian(COPYRIGHT)
    assert rules is not None
    assert rules.licence == "Expat"
    assert rules.allows("src/main.c")
    assert not rules.allows("src/gpl/other.c")
    assert not rules.allows("lib/one.c")
    assert rules.allows("src/gpl/free.c")
    assert not rules.all_permissive


def test_stanzas_of_tests_and_of_debian_do_not_spoil_a_built_package() -> None:
    rules = licences.of_debian(COPYRIGHT.replace("src/gpl/*\n lib/one.c", "debian/* tests/data/*"))
    assert rules is not None
    assert rules.all_permissive


def test_a_debian_source_without_a_permissive_main_stanza_is_refused() -> None:
    assert licences.of_debian(COPYRIGHT.replace("License: Expat", "License: LGPL-2.1+")) is None
    assert licences.of_debian("This package was debianized by somebody.") is None


def test_a_name_of_debians_own_is_judged_by_the_text_that_is_given_for_it() -> None:
    grant = " Permission is hereby granted, free of charge, to any person obtaining a copy"
    named = COPYRIGHT.replace("License: Expat", "License: Own")
    named = named.replace(" Permission is hereby granted", grant)
    rules = licences.of_debian(named)
    assert rules is not None
    assert rules.licence == "Own"
    assert not rules.allows("src/gpl/other.c")
    assert licences.of_debian(named.replace("hereby", "never")) is None
    inline = licences.of_debian(f"Files: *\nLicense:\n{grant}\n")
    assert inline is not None
    assert inline.licence == "MIT"


@pytest.mark.parametrize(
    "words",
    [
        "Permission to use, copy, modify and distribute this software and\n database and its",
        "Rights are granted to use this software in any way so long as this notice is\n not",
    ],
)
def test_texts_of_one_project_only_are_known(words: str) -> None:
    own = f"Files: *\nLicense: Own\n {words}\n\nFiles: debian/*\nLicense: GPL-2+\n"
    rules = licences.of_debian(own)
    assert rules is not None
    assert rules.all_permissive
    assert licences.of_debian(own.replace("use", "view")) is None
