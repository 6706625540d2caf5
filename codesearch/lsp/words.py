"""What the server says to people, in their language.

The sentences of the command line are English; an editor may have another language.
"""

from __future__ import annotations

from collections.abc import Mapping

from codesearch.model import Duplicate
from codesearch.report import words as english

_SAID: Mapping[str, Mapping[str, str]] = {
    "en": {
        "indexing": "Indexing {name}",
        "files": "{done} of {total} files",
        "functions": "{done} of {total} functions sent",
        "finishing": "Writing the index",
        "CS001": "{one} is the same as {other}",
        "CS002": "{one} is the same but for names and values as {other}",
        "CS003": "{one} is {percent} like {other}",
        "CS004": "{one} seems to do what {other} does",
        "more": "{sentence} and {count} more",
        "nameless": "A function without a name",
        "nearest": "the function that it is like",
        "copy": "another copy",
        "open": "Go to {name}",
        "suppress": "Accept it here with a comment ({rule})",
        "accept": "Accept it in the baseline ({file})",
        "accepted": "{count} accepted in {file}",
        "consent": "Send {count} functions of {name} to {service} ({model})? Price: {price}.",
        "send": "Send",
        "cancel": "Cancel",
        "unknown price": "not known",
        "about": "about {price}",
    },
    "de": {
        "indexing": "{name} wird indiziert",
        "files": "{done} von {total} Dateien",
        "functions": "{done} von {total} Funktionen gesendet",
        "finishing": "Der Index wird geschrieben",
        "CS001": "{one} ist dasselbe wie {other}",
        "CS002": "{one} ist bis auf Namen und Werte dasselbe wie {other}",
        "CS003": "{one} gleicht zu {percent} {other}",
        "CS004": "{one} scheint dasselbe zu tun wie {other}",
        "more": "{sentence} und {count} weiteren",
        "nameless": "Eine Funktion ohne Namen",
        "nearest": "die Funktion, der sie gleicht",
        "copy": "eine weitere Kopie",
        "open": "Gehe zu {name}",
        "suppress": "Hier mit einem Kommentar hinnehmen ({rule})",
        "accept": "In der Baseline hinnehmen ({file})",
        "accepted": "{count} hingenommen in {file}",
        "consent": "{count} Funktionen von {name} an {service} ({model}) senden? Preis: {price}.",
        "send": "Senden",
        "cancel": "Abbrechen",
        "unknown price": "nicht bekannt",
        "about": "etwa {price}",
    },
}
LANGUAGES = tuple(_SAID)


class Words:
    """The sentences of one language.

    Args:
        locale: of the editor, such as "de" or "de-AT"; English where it is not spoken here.
    """

    def __init__(self, locale: str = "") -> None:
        self._language = locale.replace("_", "-").partition("-")[0].lower()
        self._said = _SAID.get(self._language, _SAID["en"])

    def say(self, which: str, **values: object) -> str:
        """A sentence; numbers are written as the language has them."""
        return self._said[which].format_map({k: self._value(v) for k, v in values.items()})

    def finding(self, finding: Duplicate) -> str:
        """What a finding finds, on one line, without a stop."""
        best = finding.best
        other = f"{self._called(best.place.symbol)} ({english.where(best.place)})"
        sentence = self.say(
            finding.rule,
            one=self._called(finding.place.symbol),
            other=other,
            percent=english.percent(best),
        )
        more = len(finding.every) - 1
        return self.say("more", sentence=sentence, count=more) if more else sentence

    def _called(self, symbol: str) -> str:
        return f"'{english.shown(symbol)}'" if symbol else self.say("nameless")

    def _value(self, value: object) -> object:
        if not isinstance(value, int):
            return value
        grouped = f"{value:,}"
        return grouped.replace(",", ".") if self._said is _SAID["de"] else grouped
