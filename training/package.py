"""One package: from the members of its archive to functions with their questions.

Which files count is decided as the product decides it (built-in exclusions, generated and minified
files, tests by their paths), and besides nothing of an excluded project, and of a Debian source
only what its copyright file allows. The room writes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from codesearch import languages, paths
from codesearch.chunking import chunk
from codesearch.errors import CodesearchError
from codesearch.files import Rules, builtin
from codesearch.files.byhand import not_by_hand
from codesearch.files.decode import decode
from codesearch.model import CONTAINER_KINDS, Chunk, SourceFile
from training import links, questions
from training.archives import ArchiveError, members
from training.declared import debian_copyright
from training.excluded import is_vendored_copy
from training.licences import DebianCopyright

#: Of a package, so many characters of source are read.
MAX_SOURCE = 120_000_000
_MIN_CODE = 30

_FUNCTIONS = frozenset({"function", "method", "macro"})
_TYPES = CONTAINER_KINDS | {"type"}
_PROSE = frozenset({"markdown", "restructuredtext"})
_DATA = frozenset({"sql"})
_WEB = frozenset({"javascript", "typescript", "tsx"})
_C = frozenset({"c", "cpp", "objective-c"})
_OCAML = frozenset({"ocaml", "ocaml-interface"})
_INNER_TESTS = re.compile(r"(?:^|\.)tests?\.")  # modules of tests beside the code, as in Rust
_DECLARES = re.compile(r"\.(?:d\.[cm]?ts|mli|hh?|hpp|hxx|pyi)\Z")
_CHANGES = re.compile(r"(?:changelog|changes|history|news|releases?)\b", re.IGNORECASE)
# What build systems copy into every package, mostly under the GPL.
_COPIED = frozenset(
    """configure configure.ac aclocal.m4 ltmain.sh libtool libtoolize config.guess config.sub
    install-sh missing depcomp compile test-driver ylwrap mkinstalldirs py-compile ar-lib autogen.sh
    bootstrap texinfo.tex Doxyfile""".split()
)
_NOWHERE = Path("/nonexistent")
# Sources before what is made of them, so that of two copies the first is the one that was written.
_BUILT = re.compile(
    r"(?:^|/)(?:dist|lib|libs|build|esm?\d*|cjs|umd|mjs|commonjs|module|bundles?|fesm\d*|out|node|_?min)/"
)


@dataclass(slots=True)
class Record:
    """A function, or a type with a doc, and the questions that it answers."""

    language: str
    path: str
    symbol: str
    kind: str
    parameters: tuple[str, ...]
    doc: str
    code: str
    questions: list[tuple[str, str]] = field(default_factory=list)
    declared: bool = False


@dataclass(slots=True)
class _Sources:
    code: list[SourceFile] = field(default_factory=list)
    tests: list[SourceFile] = field(default_factory=list)
    prose: list[SourceFile] = field(default_factory=list)


def records(archive: Path) -> list[Record]:
    """The functions of a package with their questions, in the order of paths and lines."""
    sources = _read(archive)
    inner: list[links.Test] = []
    found = _without_copies(_defined(sources.code, inner))
    found = _documented_by_declarations(found)
    for record in found:
        text = questions.from_doc(record.doc, record.symbol)
        if text:
            record.questions.append(("doc", text))
    callable_ = [r for r in found if r.kind in _FUNCTIONS]
    for record in callable_:
        record.questions += [("error", text) for text in questions.errors(record.code)]
    functions = links.Functions.of([r.symbol for r in callable_])
    linked: list[tuple[str, links.Found]] = [
        ("test", links.of_tests(functions, [*inner, *_tests(sources)]))
    ]
    for file in sources.prose:
        linked.append(("readme", links.of_examples(functions, file.text)))
        if _CHANGES.match(file.path.rpartition("/")[2]):
            linked.append(("changelog", links.of_changes(functions, file.text)))
    codes = ((index, record.code) for index, record in enumerate(callable_))
    linked.append(("call", links.of_comments(functions, codes)))
    given: Counter[tuple[str, int]] = Counter()
    for kind, pairs in linked:
        for index, text in pairs:
            record = callable_[index]
            if given[kind, index] < links.MOST and (kind, text) not in record.questions:
                given[kind, index] += 1
                record.questions.append((kind, text))
    # A type or a mere declaration is an answer only if something asks for it.
    return [r for r in found if r.questions or (r.kind in _FUNCTIONS and not r.declared)]


def _read(archive: Path) -> _Sources:
    """The texts of a package that a person wrote and that may be used."""
    rules = debian_copyright(archive) if archive.suffix == ".dsc" else None
    sources = _Sources()
    seen: set[bytes] = set()
    left = MAX_SOURCE
    try:
        for path, data in members(archive):
            if len(data) > left or not _is_wanted(path, rules):
                continue
            file = _source(path, data)
            digest = hashlib.blake2b(data, digest_size=16).digest()
            if file is None or digest in seen:
                continue
            seen.add(digest)
            if file.language in _PROSE:
                sources.prose.append(file)
            elif paths.is_test(path) or paths.is_example(path):
                sources.tests.append(file)
            elif not paths.is_documentation(path):
                sources.code.append(file)
            left -= len(data)
    except ArchiveError:
        pass  # what came before it broke is good
    for files in (sources.code, sources.tests, sources.prose):
        files.sort(key=lambda file: (_is_built(file.path), file.path))
    return sources


def _is_built(path: str) -> bool:
    return _BUILT.search(path) is not None


def _is_wanted(path: str, rules: DebianCopyright | None) -> bool:
    parent, _, name = path.rpartition("/")
    if builtin.of_file(name) is not None or name in _COPIED or path.startswith("debian/"):
        return False
    folders = parent.split("/") if parent else []
    if is_vendored_copy(path):
        return False
    above = ""
    for folder in folders:
        above = f"{above}/{folder}" if above else folder
        if builtin.of_folder(_NOWHERE, above) is not None:
            return False
    return rules is None or rules.allows(path)


def _source(path: str, data: bytes) -> SourceFile | None:
    head = data[: languages.HEAD]
    language = languages.detect(path, head)
    if language == languages.TEXT or language in _DATA:
        return None
    text = decode(data)
    if not isinstance(text, str) or not text.strip():
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not_by_hand(text, language, Rules()) is not None:
        return None
    return SourceFile(path, text, "", language)


def _chunks(file: SourceFile) -> list[Chunk]:
    try:
        return chunk(file)
    except CodesearchError:
        return []


def _defined(files: Iterable[SourceFile], tests: list[links.Test]) -> Iterator[Record]:
    """Functions, and types with docs; tests that stand beside the code are put aside."""
    for file in files:
        for found in _chunks(file):
            if _INNER_TESTS.search(found.symbol):
                tests.append(links.Test(found.symbol, found.text, file.path, file.language))
                continue
            kept = found.kind in _FUNCTIONS or (found.kind in _TYPES and found.doc)
            if kept and found.symbol and len(found.text) >= _MIN_CODE:
                declared = _DECLARES.search(file.path) is not None and (
                    "{" not in found.text or file.language not in _C
                )
                yield Record(
                    file.language,
                    file.path,
                    found.symbol,
                    found.kind,
                    found.parameters,
                    found.doc,
                    found.text,
                    declared=declared,
                )


def _family(language: str) -> str:
    for name, family in (("web", _WEB), ("c", _C), ("ocaml", _OCAML)):
        if language in family:
            return name
    return language


def _without_copies(found: Iterable[Record]) -> list[Record]:
    """Of equal code, or of one name in builds of one file, the first."""
    seen: set[object] = set()
    kept = []
    for record in found:
        keys: list[object] = [
            hashlib.blake2b("".join(record.code.split()).encode(), digest_size=12).digest()
        ]
        if record.language in _WEB and not record.declared:
            stem = record.path.rpartition("/")[2].partition(".")[0]
            keys.append((stem, record.symbol))
            if record.doc:
                keys.append((record.symbol, record.doc[:200]))
        if seen.isdisjoint(keys):
            kept.append(record)
        seen.update(keys)
    return kept


def _documented_by_declarations(found: list[Record]) -> list[Record]:
    """Gives docs of declarations (headers, interfaces) to the definitions that they declare.

    A declaration whose definition is there is dropped.
    """
    defined: dict[tuple[str, str], list[Record]] = {}
    for record in found:
        if not record.declared:
            key = _family(record.language), ".".join(record.symbol.split(".")[-2:])
            defined.setdefault(key, []).append(record)
    kept = []
    for record in found:
        key = _family(record.language), ".".join(record.symbol.split(".")[-2:])
        same = defined.get(key, []) if record.declared else []
        if len(same) == 1 and record.doc and not same[0].doc:
            same[0].doc = record.doc
        if not same:
            kept.append(record)
    return kept


def _tests(sources: _Sources) -> Iterator[links.Test]:
    for file in sources.tests:
        for found in _chunks(file):
            if found.kind in _FUNCTIONS and found.symbol:
                yield links.Test(found.symbol, found.text, file.path, file.language)
