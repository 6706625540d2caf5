"""Catalogues become pairs of sentences: what is read, what is kept, what is left out."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from test_training_archives import deb, dsc, tar

from training import catalogues, clients, collect, parallel
from training.collect import PARALLEL, Entry, listed
from training.languages import is_in, is_pair, language_of, plain
from training.lexicon import WORDS, coverage, translations, words_of
from training.parallel import layout_of, read_pairs, run
from training.synonyms import LEAST_USES, OWN, groups, own_pairs, wordnet_pairs


def test_po_joins_lines_and_leaves_out_fuzzy_and_obsolete_entries() -> None:
    text = """
msgid ""
msgstr "Content-Type: text/plain; charset=ISO-8859-1\\n"

msgid "could not open "
"file \\"%s\\""
msgstr "konnte Datei \\"%s\\" nicht \xf6ffnen"

#, fuzzy
msgid "no"
msgstr "nein"

msgid "one row"
msgid_plural "%d rows"
msgstr[0] "eine Zeile"
msgstr[1] "%d Zeilen"
#~ msgid "gone"
#~ msgstr "weg"
"""
    assert catalogues.po(text.encode("latin-1")) == {
        'could not open file "%s"': 'konnte Datei "%s" nicht \xf6ffnen',
        "one row": "eine Zeile",
        "%d rows": "%d Zeilen",
    }


def test_mo_gives_what_gettext_gives() -> None:
    ids, texts = b"\0open\0menu\x04close\0", b"Content-Type: text/plain; charset=UTF-8\n\0auf\0zu\0"
    rows = [(0, 0), (1, 4), (6, 10)]
    values = [(0, 40), (41, 3), (45, 2)]
    base = 28 + 2 * 8 * 3
    table = b"".join(struct.pack("<II", n, base + at) for at, n in rows)
    table += b"".join(struct.pack("<II", n, base + len(ids) + at) for at, n in values)
    head = struct.pack("<7I", 0x950412DE, 0, 3, 28, 28 + 24, 0, 0)
    assert catalogues.mo(head + table + ids + texts) == {"open": "auf", "close": "zu"}


def test_javascript_literals_are_read_by_the_path_of_their_keys() -> None:
    text = """
    // "not": "this"
    Blockly.Msg["ADD"] = "Kommentar";
    define({ root: { "a-b": { detail: 'it\\'s ' + "joined", n: f("x") } } });
    var content = [ undefined, "eins", "zwei, \\u00fc" ];
    """
    assert catalogues.javascript(text.encode()) == {
        "ADD": "Kommentar",
        "\0root\0a-b\0detail": "it's joined",
        "\x001": "eins",
        "\x002": "zwei, \xfc",
    }


def test_properties_know_continued_lines_comments_and_escapes() -> None:
    text = "# comment\na.b = one \\\n   two\nc:gel\\u00F6scht\n\nd e\n"
    assert catalogues.properties(text.encode()) == {
        "a.b": "one two",
        "c": "gel\xf6scht",
        "d": "e",
    }


def test_data_packs_are_read_by_number() -> None:
    texts = [b"Open", "\xf6ffnen".encode()]
    at = 12 + 6 * 3
    data = struct.pack("<IB3xHH", 5, 1, 2, 0)
    data += struct.pack("<HIHIHI", 7, at, 9, at + 4, 0, at + 4 + len(texts[1]))
    assert catalogues.pak(data + b"".join(texts)) == {"7": "Open", "9": "\xf6ffnen"}


def test_pages_share_keys_only_where_they_are_built_alike() -> None:
    page = "<h2 id='use'>Use</h2><p>Open <b>it</b>.</p><pre>code</pre>"
    longer = "<h2 id='use'>Gebrauch</h2><p>Eins.</p><p>Zwei.</p>"
    alike = "<h2 id='use'>Gebrauch</h2><p>\xd6ffne es.</p>"
    keys = catalogues.html(page.encode()).keys()
    assert catalogues.html(alike.encode()).keys() == keys
    assert not catalogues.html(longer.encode()).keys() & keys


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ('could not open file "%s": %m', "could not open file"),
        ("Deleted {count, plural, one {# row} other {# rows}}.", "Deleted rows"),
        ("&Open {0}...", "Open"),
        ("Save &amp; <b>close</b> $(check) [docs](command:x)", "Save & close docs"),
        ("\u4fdd\u5b58(&S)", "\u4fdd\u5b58"),
        ("User %(name)s has {{count}} %d items", "User has items"),
    ],
)
def test_a_message_keeps_its_words_only(message: str, words: str) -> None:
    assert plain(message) == words


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("pt-BR", "pt"),
        ("zh_Hans", "zh"),
        ("zh-TW", "zh-hant"),
        ("es_419", "es"),
        ("en-US", "en"),
        ("", "en"),
        ("ar-XB", ""),
        ("en_GB", ""),
        ("tlh", ""),
        ("uk.utf8", "uk"),
    ],
)
def test_locales_have_a_language(code: str, language: str) -> None:
    assert language_of(code) == language


def test_text_in_another_language_than_it_claims_is_no_pair() -> None:
    english = "The connection to the server was closed before the request was sent"
    german = "Die Verbindung zum Server wurde geschlossen, bevor die Anfrage gesendet wurde"
    assert is_pair("de", german, english)
    assert not is_pair("fr", german, english)
    assert not is_pair("de", english, english)
    assert not is_pair("de", "Server", "Server")
    assert not is_pair("de", "Verbindung", english)
    assert is_in("ja", "\u524a\u9664", "delete")
    assert not is_in("zh", "\u30d5\u30a1\u30a4\u30eb", "file")
    assert not is_in("hi", "file", "file")


def test_the_most_particular_layout_reads_a_file() -> None:
    found = layout_of("npm:@node-red/nodes/locales/de/messages.json")
    assert found is not None
    assert found[1]["lang"] == "de"
    base = layout_of("debian:tomcat10/java/org/LocalStrings.properties")
    other = layout_of("debian:tomcat10/java/org/LocalStrings_pt_BR.properties")
    assert base is not None
    assert other is not None
    assert other[1]["lang"] == "pt_BR"
    assert base[0].joins(base[1]) == other[0].joins(other[1])
    assert layout_of("npm:typescript/lib/de/other.json") is None


def test_the_lists_can_be_collected_and_every_package_has_a_licence() -> None:
    packages = listed(PARALLEL)
    assert packages
    assert all(package.licence for package in packages)


def test_packages_become_pairs_once(tmp_path: Path) -> None:
    archives = tmp_path / "archives"
    archives.mkdir()
    with tarfile.open(archives / "azure.tgz", "w:gz") as tarball:
        for locale, text in [
            ("en-US", "File not found: %s"),
            ("de-DE", "Datei nicht gefunden: %s"),
        ]:
            data = json.dumps({"a": text, "b": "OK"}).encode()
            name = f"package/Strings/resources.resjson/{locale}/resources.resjson"
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tarball.addfile(info, io.BytesIO(data))
    with zipfile.ZipFile(archives / "spyder.whl", "w") as wheel:
        for text in ["Datei nicht gefunden", "Datei fehlt"]:
            name = f"spyder/locale/de/LC_MESSAGES/spyder{text[-1]}.po"
            wheel.writestr(name, f'msgid "File not found"\nmsgstr "{text}"\n')
    entries = [
        Entry("npm", "azure-pipelines-task-lib", "1", "MIT", "azure.tgz", "", "ok"),
        Entry("pypi", "spyder", "1", "MIT", "spyder.whl", "", "ok"),
    ]
    assert run(tmp_path, entries) == {"de": 2}
    pairs = list(read_pairs(tmp_path / "parallel"))
    assert [(p["text"], p["en"], p["package"]) for p in pairs] == [
        ("Datei nicht gefunden", "File not found", "npm:azure-pipelines-task-lib"),
        ("Datei fehlt", "File not found", "pypi:spyder"),
    ]
    assert run(tmp_path, entries) == {"de": 2}


def po(english: str, german: str) -> bytes:
    return f'msgid "{english}"\nmsgstr "{german}"\n'.encode()


def data_pack(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<IB3xHHHIHI", 5, 1, 1, 0, 7, 24, 0, 24 + len(data)) + data


def served(registry: str, _work: Path) -> clients.Client:
    """Registries with a package each way that a licence is known, and one that is not there."""

    def get(folder: Path, wanted: Sequence[tuple[str, str]]) -> Mapping[str, Path | str]:
        return {name: make(folder, name) for name, _ in wanted if name != "spyder"}

    def make(folder: Path, name: str) -> Path:
        own = folder / name
        own.mkdir()
        if registry == "pypi":
            file = own / f"{name}-1-py3-none-any.whl"
            with zipfile.ZipFile(file, "w") as wheel:
                wheel.writestr(f"{name}-1.dist-info/METADATA", f"Name: {name}\nLicense: MIT\n")
                catalogue = po("The list is empty", "Die Liste ist leer")
                wheel.writestr(f"{name}/locale/de/LC_MESSAGES/{name}.po", catalogue)
            return file
        if registry == "deb":
            locales = "./usr/lib/chromium/locales"
            files = {
                "./usr/share/doc/chromium/copyright": b"Files: *\nLicense: GPL-2\n",
                f"{locales}/en-US.pak": data_pack("Close the window"),
                f"{locales}/de.pak": data_pack("Das Fenster schlie\xdfen"),
            }
            file = own / f"{name}_1_all.deb"
            file.write_bytes(deb(files))
            return file
        parts = {
            "subversion": {
                "x/po/de.po": po("File not found", "Datei nicht gefunden"),
                "x/gpl/po/de.po": po("Line not found", "Zeile nicht gefunden"),
            },
            "cups": {
                "x/locale/cups_de.po": po("The printer is busy", "Der Drucker ist besch\xe4ftigt"),
                "x/doc/other_de.po": po("Read the page", "Die Seite lesen"),
            },
        }[name]
        licence = "Apache-2.0" if name == "subversion" else "Apache-2.0-with-something"
        rules = f"Files: *\nLicense: {licence}\n\nFiles: gpl/*\nLicense: GPL-2\n".encode()
        debian = tar({"debian/copyright": rules})
        return dsc(own, {"thing_1.debian.tar.gz": debian, "thing_1.orig.tar.gz": tar(parts)})

    return get


def test_the_commands_make_pairs_of_the_packages_of_the_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    for registry, lines in {
        "deb": ["chromium-l10n 1 BSD-3-Clause  # by hand: the sources of the texts are"],
        "debian": ["cups 1 Apache-2.0  # by hand: locale/* is", "subversion 1 Apache-2.0"],
        "pypi": ["spyder 1 MIT", "thonny 1 MIT"],
    }.items():
        (lists / f"{registry}.txt").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(collect, "PARALLEL", lists)
    monkeypatch.setattr(parallel, "PARALLEL", lists)
    monkeypatch.setattr(clients, "client", served)
    work = tmp_path / "work"
    assert collect.main(["--work", f"{work}", "--lists", f"{lists}"]) == 1
    for _ in range(2):  # the second time everything is there
        assert parallel.main(["--work", f"{work}"]) == 0
        assert "1 packages are not there" in caplog.text
        assert sorted(
            (p["package"], p["licence"], p["en"]) for p in read_pairs(work / "parallel")
        ) == [
            ("deb:chromium-l10n", "BSD-3-Clause", "Close the window"),
            ("debian:cups", "Apache-2.0", "The printer is busy"),
            ("debian:subversion", "Apache-2.0", "File not found"),
            ("pypi:thonny", "MIT", "The list is empty"),
        ]
        caplog.clear()


def test_a_lexicon_is_learnt_from_sentences_alone() -> None:
    nouns = {"datei": "file", "zeile": "line", "farbe": "color", "liste": "list"}
    verbs = {"l\xf6schen": "delete", "lesen": "read", "sortieren": "sort"}
    german = [
        (f"die {noun} {verb}", f"{verbs[verb]} the {nouns[noun]}")
        for noun in nouns
        for verb in verbs
    ]
    best = {word: english for word, english, _ in reversed(translations("de", german * 3))}
    assert {word: best.get(word) for word in nouns | verbs} == nouns | verbs
    assert translations("de", []) == []


def test_languages_without_spaces_are_cut_into_pieces() -> None:
    assert words_of("zh", "\u5220\u9664\u6587\u4ef6") == [
        "\u5220\u9664",
        "\u9664\u6587",
        "\u6587\u4ef6",
        "\u5220\u9664\u6587",
        "\u9664\u6587\u4ef6",
        "\u5220\u9664\u6587\u4ef6",
    ]
    assert "\u30d5\u30a1\u30a4\u30eb" in words_of(
        "ja", "\u30d5\u30a1\u30a4\u30eb\u3092\u524a\u9664"
    )
    assert words_of("hi", "\u092b\u093c\u093e\u0907\u0932 \u0939\u091f\u093e\u090f\u0902") == [
        "\u092b\u093c\u093e\u0907\u0932",
        "\u0939\u091f\u093e\u090f\u0902",
    ]


def test_the_words_to_judge_a_lexicon_by_have_all_languages() -> None:
    lines = WORDS.read_text(encoding="utf-8").splitlines()
    rows = [line.split(" | ") for line in lines if not line.startswith("#")]
    assert len(rows) == 100
    assert all(len(row) == 8 and all(row) for row in rows)
    assert coverage(lambda _code, _word: [], "hi")[2] == 100


def test_every_two_words_of_a_group_are_a_pair() -> None:
    pairs = list(own_pairs("# remark\ndelete, remove, get rid of\n"))
    assert [(p.a, p.b) for p in pairs] == [
        ("delete", "remove"),
        ("delete", "get rid of"),
        ("remove", "get rid of"),
    ]
    assert list(groups(OWN.read_text(encoding="ascii")))
    assert all(len(group) > 1 and all(group) for group in groups(OWN.read_text(encoding="ascii")))


def test_wordnet_gives_common_and_computing_senses_of_words_in_use() -> None:
    data = (
        "  1 licence\n"
        "00000010 04 n 03 error 0 mistake 0 Fault 0 000 | a wrong action\n"
        "00000020 04 n 02 error 1 wrongdoing 0 000 | departure from what is right\n"
        "00000030 04 n 02 program 3 routine 1 000 | steps that a computer executes\n"
    )
    index = (
        "error n 3 0 3 2 00000010 00000099 00000020  \n"
        "mistake n 1 0 1 1 00000010  \n"
        "wrongdoing n 1 0 1 1 00000020  \n"
        "program n 1 0 1 0 00000030  \n"
    )
    uses = dict.fromkeys(["error", "mistake", "wrongdoing", "program", "routine"], LEAST_USES)
    pairs = {(p.a, p.b): p.weight for p in wordnet_pairs(data, index, uses)}
    assert set(pairs) == {("error", "mistake"), ("program", "routine")}
    assert pairs["error", "mistake"] > pairs["program", "routine"]
    assert not list(wordnet_pairs(data, index, uses | {"mistake": 0, "routine": 0}))
