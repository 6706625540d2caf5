"""What is left out of the files that git would show: built-in rules and the user's patterns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from repositories import own_home, write

from codesearch.files import Rules, scan
from codesearch.files.builtin import of_file, of_folder
from codesearch.model import SkipReason
from codesearch.places import Root


@pytest.fixture(autouse=True, scope="module")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with own_home(tmp_path_factory.mktemp("home")):
        yield


def kept(top: Path, rules: Rules | None = None) -> set[str]:
    return {
        file.path
        for file in scan(Root(top), rules or Rules())
        if not file.path.endswith(".codesearchignore")
    }


LEFT_OUT = {
    SkipReason.BINARY: """
        a.png a.PNG a.woff2 a.zip a.jar a.so a.pdf a.mp4
    """,
    SkipReason.EXCLUDED: """
        package-lock.json yarn.lock poetry.lock Cargo.lock go.sum pnpm-lock.yaml uv.lock
        jquery.min.js site.min.css app.js.map django.po a.csv a.svg.patch notes.ipynb a.snap
    """,
    SkipReason.GENERATED: """
        a_pb2.py a_pb2_grpc.py a.pb.go a.g.dart a.freezed.dart api.generated.ts
        zz_generated.deepcopy.go Form.Designer.cs a.pb.cc
    """,
    SkipReason.SECRET: """
        .env .env.local .env.production server.pem private.key id_rsa id_ed25519 .npmrc .netrc
        .pypirc credentials credentials.json secrets.yml credentials.yml.enc .htpasswd a.p12
        service-account-prod.json client_secret_1.json terraform.tfstate prod.tfvars
    """,
}
KEPT = """
    a.py minify.js admin.js roadmap.md sourcemap.ts locksmith.py lock.go generated.py generator.ts
    .env.example .env.sample .env.template env.py credentials.py secrets.go secretsmanager.json
    credentials.example.json key.py keys.ts monkey.rb id_rsa.py tokens.json map.js package.json
    mo.py pb2.py test_pb2_parser.py Makefile LICENSE .gitignore a.sql a.json a.html Modelica.mo
    vendor.py data.py csv.py png.c
"""


@pytest.mark.parametrize("reason", LEFT_OUT)
def test_names_that_are_left_out(reason: SkipReason) -> None:
    found = {name: of_file(name) for name in LEFT_OUT[reason].split()}
    assert {name: f for name, f in found.items() if f is None or f.reason != reason} == {}


def test_names_that_only_look_like_it() -> None:
    assert {name: of_file(name) for name in KEPT.split() if of_file(name)} == {}


@pytest.mark.parametrize("name", ["", ".", "..", ".git", ".GIT"])
def test_no_name_of_a_file(name: str) -> None:
    assert of_file(name)


def test_folders_that_are_left_out(tmp_path: Path) -> None:
    names = """
        node_modules a/b/node_modules x/site-packages .venv third_party bower_components .svn
        pip/_vendor __pycache__ .tox a.egg-info ios/Pods locale/de/LC_MESSAGES
    """
    assert {name for name in names.split() if not of_folder(tmp_path, name)} == set()
    others = "src build dist target deps fixtures testdata lib venv env modules vendors external"
    assert {name for name in others.split() if of_folder(tmp_path, name)} == set()


def test_a_vendor_folder_is_left_out_where_it_holds_other_peoples_code(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "vendor/a.go": "",
            "app/static/js/vendor/jquery.js": "",
            "svc/vendor/modules.txt": "",
            "svc/vendor/b.go": "",
            "shop/vendor/models.py": "",
            "shop/vendor/modules.py": "",
        },
    )
    assert kept(tmp_path) == {"shop/vendor/models.py", "shop/vendor/modules.py"}


def test_an_ignore_file_of_ours_leaves_out_more(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            ".codesearchignore": "# words\n/top.py\ngen/\n*.sql\n!keep.sql\n",
            "top.py": "",
            "a/top.py": "",
            "gen/x.py": "",
            "a/gen/y.py": "",
            "a.sql": "",
            "keep.sql": "",
            "a/.codesearchignore": "z.py\n!deep.sql\n",
            "a/z.py": "",
            "a/deep.sql": "",
            "z.py": "",
        },
    )
    assert kept(tmp_path) == {"a/top.py", "keep.sql", "a/deep.sql", "z.py"}


def test_what_lies_in_an_excluded_folder_stays_out(tmp_path: Path) -> None:
    lines = "a/\n!a/b.py\n!a/x/\n!a/x/b.py\n"
    write(tmp_path, {".codesearchignore": lines, "a/b.py": "", "a/x/b.py": "", "c.py": ""})
    assert kept(tmp_path) == {"c.py"}


def test_a_built_in_rule_can_be_taken_back(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            ".codesearchignore": "!vendor/ours/\n!third_party/\n!*.min.js\n!node_modules/one.js\n",
            "vendor/ours/a.py": "",
            "vendor/theirs/b.py": "",
            "third_party/c.py": "",
            "third_party/node_modules/d.js": "",
            "third_party/yarn.lock": "",
            "e.min.js": "",
            "node_modules/one.js": "",
            "node_modules/two.js": "",
        },
    )
    assert kept(tmp_path) == {
        "vendor/ours/a.py",
        "third_party/c.py",
        "e.min.js",
        "node_modules/one.js",
    }


def test_secrets_cannot_be_taken_back(tmp_path: Path) -> None:
    write(
        tmp_path,
        {".codesearchignore": "!*\n!.env\n!*.pem\n", ".env": "", "a.pem": "", "b.lock": ""},
    )
    assert kept(tmp_path, Rules(include=(".env", "*.pem"))) == {"b.lock"}


def test_what_git_ignores_cannot_be_taken_back(tmp_path: Path) -> None:
    write(
        tmp_path, {".gitignore": "a.py\n", ".codesearchignore": "!a.py\n", "a.py": "", "b.py": ""}
    )
    assert kept(tmp_path, Rules(include=("a.py",))) == {"b.py", ".gitignore"}


def test_settings_decide_before_files_and_includes_after_excludes(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            ".codesearchignore": "b.py\n!c.py\n",
            "a.py": "",
            "b.py": "",
            "c.py": "",
            "d.py": "",
            "vendor/e.py": "",
        },
    )
    rules = Rules(exclude=("c.py", "d.py"), include=("b.py", "d.py", "vendor/"))
    assert kept(tmp_path, rules) == {"a.py", "b.py", "d.py", "vendor/e.py"}


@pytest.mark.parametrize("kind", ["folder", "link", "binary"])
def test_an_ignore_file_of_ours_that_is_none(tmp_path: Path, kind: str) -> None:
    top = tmp_path / "r"
    write(top, {"a.py": "", "b.py": ""})
    file = top / ".codesearchignore"
    if kind == "folder":
        write(file, {"c.py": ""})
    elif kind == "link":
        write(tmp_path, {"elsewhere": "a.py\n"})
        file.symlink_to(tmp_path / "elsewhere")
    else:
        file.write_bytes(b"\0\xff\n" * 100)
    assert {"a.py", "b.py"} <= kept(top)


def test_a_folder_that_is_left_out_is_not_walked(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"a.py": "", "node_modules/x/.codesearchignore": "!*\n", "node_modules/x/b.js": ""},
    )
    assert kept(tmp_path) == {"a.py"}


def test_the_key_names_what_decides_over_unchanged_files() -> None:
    plain = Rules()
    assert plain.key() == Rules(exclude=("a",)).key()
    changed = [Rules(max_file_bytes=1), Rules(max_line_chars=1), Rules(include=("a",))]
    assert len({plain.key(), *(rules.key() for rules in changed)}) == 4
