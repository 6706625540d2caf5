"""Layouts: where the packages of ``packages/parallel`` keep their catalogues, and in what form.

A row is a pattern on ``registry:name/path``; its group "lang" is the locale, what is in the group
"any" or "tag" is not part of what files are joined by. The first row that matches counts. The
room reads nothing itself.
"""

from __future__ import annotations

import html as html_module
import re
from collections.abc import Callable
from dataclasses import dataclass

from training.catalogues import (
    Messages,
    Reader,
    decode,
    flat_json,
    html,
    java_bundle,
    javascript,
    mo,
    pak,
    po,
    properties,
    unescape,
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How files whose address matches ``path`` are read.

    ``english_keys``: keys are the English text. ``language``: that of all such files.
    ``holds_many``: keys begin with a language. ``key`` makes the key that files are joined by.
    """

    path: re.Pattern[str]
    read: Reader
    english_keys: bool = False
    language: str = ""
    holds_many: bool = False
    key: Callable[[re.Match[str], str], str] | None = None
    joined_by: str = ""

    def joins(self, match: re.Match[str]) -> str:
        """What a catalogue and its English have in common: the address without the language."""
        if self.joined_by:
            return self.joined_by
        address = match.string
        language = "tag" if "tag" in match.re.groupindex else "lang"
        spans = [match.span(name) for name in (language, "any") if name in match.re.groupindex]
        for start, end in sorted(spans, reverse=True):
            if start >= 0:
                address = address[:start] + address[end:]
        return address


def _rows(read: Reader, *paths: str, english_keys: bool = False) -> list[Layout]:
    return [Layout(re.compile(path), read, english_keys) for path in paths]


_DIAGNOSTIC = re.compile(r'diag\(\d+, \d+ /\*.*?\*/, "([^"]+)", "((?:\\.|[^"\\])*)"')


def _diagnostics(data: bytes) -> Messages:
    return {key: unescape(text) for key, text in _DIAGNOSTIC.findall(decode(data))}


_PSEUDO = str.maketrans(
    "\u00e6\u00fe\u00e7\u00f0\u00eb\u00ef\u00f1\u00f8\u00b5\u00ff\u00a3\u00df\u00c7"
    "\u00d0\u00cb\u00cf\u00d1\u00d8\u00dc\u00dd\u00a7\u00c6\u00de\u00a5\u00a2",
    "abcdeinouyLBCDEINOUYSABYc",
)


def _pseudo(data: bytes) -> Messages:
    """The English from which a pseudo-language was made by replacing letters."""
    return {key: text.translate(_PSEUDO) for key, text in javascript(data).items()}


def _pseudo_json(data: bytes) -> Messages:
    return {key: text.translate(_PSEUDO) for key, text in flat_json(data).items()}


_PARSED = re.compile(r"\.exports=JSON\.parse\('((?:\\.|[^'\\])*)'\)")
_TABLE = re.compile(r'new Map\(\[(\["cs",\w+\](?:,\["[\w-]+",\w+\])+)\]\)')


def _localizer(data: bytes) -> Messages:
    """All languages of a bundle: documents in the order of a table of [locale, variable]."""
    text = decode(data)
    documents = [unescape(found) for found in _PARSED.findall(text)]
    documents = [document for document in documents if document.startswith('{"CallHierarchy"')]
    table = _TABLE.search(text)
    locales = re.findall(r'"([\w-]+)",(\w+)', table[1]) if table else []
    codes = list({variable: code for code, variable in locales}.values())
    if len(codes) != len(documents):
        raise ValueError("as many languages as documents were expected")
    return {
        f"{code}\0{key}": value
        for code, document in zip(codes, documents, strict=True)
        for key, value in flat_json(document.encode()).items()
    }


_DERBY = re.compile(r"<name>([^<]+)</name>\s*<text>([^<]*)</text>")


def _derby(data: bytes) -> Messages:
    return {key: html_module.unescape(text) for key, text in _DERBY.findall(decode(data))}


def _interface_strings(data: bytes) -> Messages:
    text = decode(data)
    start = text.find("const UIStrings")
    end = text.find("\n};", start)
    found = javascript(text[start : end + 3].encode()) if 0 <= start < end else {}
    return {key.rpartition("\0")[2]: value for key, value in found.items()}


_TOOLS = "npm:chrome-devtools-frontend/front_end/core/i18n/locales"
_CODE = "npm:@codingame/monaco-vscode-language-pack-"

LAYOUTS = (
    Layout(
        re.compile(r"npm:typescript/lib/(?P<lang>[\w-]+)/diagnosticMessages\.generated\.json"),
        flat_json,
        joined_by="typescript",
    ),
    Layout(
        re.compile(r"npm:typescript/lib/typescript\.js"),
        _diagnostics,
        language="en",
        joined_by="typescript",
    ),
    Layout(
        re.compile(re.escape(_TOOLS) + r"/(?P<lang>[\w-]+)\.json"),
        flat_json,
        key=lambda _, key: key.partition("\0")[0],
        joined_by="devtools",
    ),
    Layout(
        re.compile(r"npm:chrome-devtools-frontend/front_end/(?P<file>[^.]+\.ts)"),
        _interface_strings,
        language="en",
        key=lambda match, key: f"{match['file']} | {key}",
        joined_by="devtools",
    ),
    Layout(
        re.compile(re.escape(_CODE) + r"(?P<lang>qps-ploc)/translations/main\.i18n\.json\.js"),
        _pseudo,
        language="en",
    ),
    Layout(
        re.compile(re.escape(_CODE) + r"(?P<lang>qps-ploc)/translations/.*\.json"),
        _pseudo_json,
        language="en",
    ),
    Layout(
        re.compile(r"npm:pyright/dist/pyright-internal\.js"),
        _localizer,
        holds_many=True,
    ),
    Layout(
        re.compile(
            r"npm:@oracle/oraclejet/dist/js/libs/oj/resources/nls/(?P<tag>(?P<lang>[\w-]+)/)?"
            r"ojtranslations\.js"
        ),
        javascript,
        key=lambda _, key: key.removeprefix("root\0").removeprefix("\0root\0").lstrip("\0"),
    ),
    Layout(
        re.compile(r"debian:derby/java/engine/org/apache/derby/loc/messages\.xml"),
        _derby,
        language="en",
        joined_by="debian:derby/java/engine/org/apache/derby/loc/messages.properties",
    ),
    *_rows(
        javascript,
        re.escape(_CODE) + r"(?P<lang>[\w-]+)/translations/main\.i18n\.json\.js",
        r"npm:blockly/msg/(?P<lang>[\w-]+)\.js",
        r"npm:keycloakify/\w+/i18n/messages_defaultSet/(?P<lang>[\w-]+)\.js",
        r"npm:@payloadcms/translations/dist/languages/(?P<lang>\w+)\.js",
        r"npm:@clerk/localizations/dist/(?P<lang>\w\w-\w\w)\.js",
        r"npm:@uppy/locales/lib/(?P<lang>\w+)\.js",
        r"npm:brackets/brackets-dist/(?:extensions/default/[\w-]+/)?nls/(?P<lang>[\w-]+)/strings\.js",
    ),
    *_rows(
        flat_json,
        re.escape(_CODE) + r"(?P<lang>[\w-]+)/translations/.*\.json",
        r"npm:lighthouse/shared/localization/locales/(?P<lang>[\w-]+)\.json",
        r"npm:@node-red/[\w-]+/locales/(?P<lang>[\w-]+)/[\w-]+\.json",
        r"npm:@microsoft/powerquery-parser/lib/powerquery-parser/localization/templates/"
        r"template(?P<tag>\.(?P<lang>[\w-]+))?\.json",
        r"npm:scratch-l10n/editor/[\w-]+/(?P<lang>[\w-]+)\.json",
        r"npm:(?:loopback|generator-loopback|@loopback)[\w/-]*/intl/(?P<lang>[\w-]+)/messages\.json",
        r"npm:azure-pipelines-task-lib/Strings/resources\.resjson/(?P<lang>[\w-]+)/resources\.resjson",
        r"pypi:apache-airflow-core/airflow/ui/dist/i18n/locales/(?P<lang>[\w-]+)/\w+\.json",
        r"pypi:home-assistant-frontend/hass_frontend/static/translations/(?:[\w-]+/)?"
        r"(?P<lang>[\w-]+)(?P<any>-[0-9a-f]{32})\.json",
    ),
    *_rows(
        html,
        r"npm:@node-red/nodes/locales/(?P<lang>[\w-]+)/[\w/-]+\.html",
        r"debian:apache2/docs/manual/.*\.html\.(?P<lang>[a-z-]+)(?P<any>\.[\w-]+)?",
    ),
    *_rows(
        po,
        r"debian:(?:postgresql-\d+|subversion|shadow|xz-utils)/(?:.*/)?po/(?P<lang>\w+)\.po",
        r"debian:cups/(?:locale/cups_|debian/manpage-po4a/po/)(?P<lang>\w+)\.po",
        r"pypi:(?:spyder|thonny|sphinx|pgadmin4|apache-superset|wagtail|horizon|nova|cinder|neutron|"
        r"glance)/.*/(?:locale|translations)/(?P<lang>\w+)/LC_MESSAGES/[\w-]+\.po",
        english_keys=True,
    ),
    *_rows(
        mo,
        r"pypi:(?:trac|jupyterlab-language-pack-[\w-]+)/.*/locale/(?P<lang>\w+)/LC_MESSAGES/[\w-]+\.mo",
        english_keys=True,
    ),
    *_rows(
        properties,
        r"debian:tomcat10/(?:.*/)?LocalStrings(?P<tag>_(?P<lang>[a-zA-Z_]+))?\.properties",
        r"debian:derby/java/.*/loc/[\w/]*?[mM]essages(?P<tag>_(?P<lang>[a-zA-Z_]+))?\.properties",
        r"debian:jakarta-jmeter/src/.*?(?P<tag>_(?P<lang>[a-z]{2}(?:_[A-Z]{2})?))?\.properties",
        r"npm:@openui5/[\w.]+/.*/messagebundle(?P<tag>_(?P<lang>[a-zA-Z_]+))?\.properties",
    ),
    Layout(
        re.compile(r"deb:chromium-(?:l10n|common)/.*/locales/(?P<lang>[\w-]+)\.pak"),
        pak,
        joined_by="chromium",
    ),
    *_rows(
        java_bundle,
        r"debian:libxalan2-java/src/.*(?:Resources|Messages)(?P<tag>_(?P<lang>[a-zA-Z_]+))?\.java",
    ),
)
