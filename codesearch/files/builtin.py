"""The built-in exclusions: files that nobody wrote by hand here, that are no text, or are secret.

Tables of names, and the two lookups over them. What is left out although it might be code is named
narrowly: a file that is missing from the index does more harm than one too many. Test fixtures,
``build``, ``dist``, ``target`` and ``deps`` are not here: in some repositories they are source, in
most others git ignores them.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from codesearch.files.base import Finding, is_inside
from codesearch.model import SkipReason

SOURCE = "built-in"

# fmt: off
_FOLDERS = {
    "version control": (".git", ".hg", ".svn", ".bzr", ".jj"),
    "vendored": (
        "node_modules", "bower_components", "jspm_packages", "site-packages", ".venv", ".yarn",
        "third_party", "third-party", "thirdparty", "_vendor", "vendored", "godeps", "pods",
        "carthage", "elm-stuff",
    ),
    "cache": (
        "__pycache__", ".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis",
        ".eggs", ".gradle", ".terraform", ".next", ".nuxt", ".svelte-kit", ".parcel-cache",
        ".cache",
    ),
    "translations": ("lc_messages",),
    "editor's files": (".idea", ".vs"),
    "snapshots": ("__snapshots__",),
}  # fmt: skip

# A folder named "vendor" can also hold a shop's vendors. It is other people's code at the top,
# among what a browser is served, or beside what their package managers write into it.
_SERVED = frozenset(
    {"static", "assets", "public", "www", "js", "css", "javascripts", "stylesheets"}
)
_VENDOR_MARKS = ("modules.txt", "autoload.php", "bundle")

_LOCKS = frozenset({
    "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "bun.lockb", "go.sum",
    "go.work.sum", "package.resolved", "packages.lock.json", "gradle.lockfile",
    "cartfile.resolved", "conda-lock.yml", "cabal.project.freeze", ".terraform.lock.hcl",
    ".pnp.cjs", ".pnp.loader.mjs", "verification-metadata.xml",
})  # fmt: skip

_SECRETS = frozenset({
    ".env", ".envrc", ".netrc", "_netrc", ".npmrc", ".pypirc", ".pgpass", ".my.cnf", ".htpasswd",
    ".git-credentials", ".dockercfg", ".s3cfg", ".boto", "id_rsa", "id_dsa", "id_ecdsa",
    "id_ed25519", "master.key", "credentials", "secrets", "terraform.tfstate",
    "google-services.json", "googleservice-info.plist",
})  # fmt: skip
_SECRET_SUFFIXES = frozenset(
    {
        "pem",
        "key",
        "p12",
        "pfx",
        "jks",
        "keystore",
        "kdbx",
        "ppk",
        "tfvars",
        "tfstate",
        "gpg",
    }
)
# "credentials.py" is code about credentials; "credentials.json" holds some.
_SECRET_STEMS = ("credentials", "secrets", "service-account", "service_account", "client_secret")
_SETTINGS_SUFFIXES = frozenset(
    {
        "json",
        "yaml",
        "yml",
        "toml",
        "ini",
        "cfg",
        "conf",
        "properties",
        "xml",
        "csv",
        "txt",
        "enc",
    }
)
_PATTERN_WORDS = (".example", ".sample", ".template", ".dist", ".defaults", ".schema")

# By what follows the last dot. Left out are suffixes that also belong to a language ("mo", "pt"):
# reading tells what such a file is.
_SUFFIXES = {
    "image": "png jpg jpeg gif bmp ico icns webp avif heic tif tiff psd eps xcf svg svgz dds tga",
    "font": "ttf otf woff woff2 eot pfb",
    "sound or film": "mp3 mp4 m4a wav ogg oga ogv flac aac avi mov mkv webm wmv mid",
    "archive": "zip tar gz tgz bz2 xz zst lz4 7z rar jar war aar whl egg gem nupkg deb rpm apk ipa "
               "dmg iso cab msi crate br",
    "compiled": "pyc pyo pyd so dylib dll exe o obj a lib class wasm bin elf pdb beam rlib swf",
    "document": "pdf doc docx xls xlsx ppt pptx odt ods odp rtf epub",
    "data": "csv tsv parquet arrow feather avro npy npz pkl pickle h5 hdf5 rds rdata sqlite "
            "sqlite3 db mdb dbf shp shx mmdb tfrecord safetensors onnx gguf tflite jsonl ndjson "
            "geojson topojson dat log",
    "translations": "po pot xlf xliff",
    "notebook": "ipynb",
    "lock file": "lock lockfile",
    "checksum, signature or patch": "sig sha1 sha256 sha512 md5 patch diff",
    "snapshot": "snap",
    "three-dimensional model": "stl fbx glb gltf blend",
}  # fmt: skip
_BINARY = frozenset(
    {
        "image",
        "font",
        "sound or film",
        "archive",
        "compiled",
        "document",
        "three-dimensional model",
    }
)

# Longer endings that tell what a program has written; more is known by what such files say of
# themselves.
_MINIFIED = (
    ".min.js -min.js .min.mjs .min.cjs .min.css -min.css .min.html .js.map .mjs.map .cjs.map "
    ".css.map .ts.map"
)
_GENERATED = (
    "_pb2.py _pb2_grpc.py _pb2.pyi _pb2_grpc.pyi .pb.go .pb.gw.go .pb.cc .pb.h .pb.swift .pb.dart "
    ".pbenum.dart .pbjson.dart .pbserver.dart _pb.rb _pb.js _pb.ts _pb.d.ts _grpc_pb.js "
    "_grpc_pb.d.ts .g.dart .freezed.dart .mocks.dart .g.cs .g.i.cs .designer.cs .tsbuildinfo"
)
# fmt: on

_FOLDER_RULES = {name: what for what, names in _FOLDERS.items() for name in names}
_SUFFIX_RULES = {suffix: what for what, names in _SUFFIXES.items() for suffix in names.split()}


_ENDINGS: dict[str, list[tuple[str, str]]] = {}
for _what, _endings in (("minified", _MINIFIED), ("generated", _GENERATED)):
    for _ending in _endings.split():
        _ENDINGS.setdefault(_ending.rpartition(".")[2], []).append((_ending, _what))


@lru_cache(maxsize=1 << 16)
def of_file(name: str) -> Finding | None:
    """The rule that leaves out a file of this name, if there is one."""
    if not is_inside(name):
        return Finding(SkipReason.SPECIAL, "no name of a file", SOURCE)
    name = name.lower()
    stem, _, suffix = name.rpartition(".")
    if _is_secret(name, stem, suffix):
        return Finding(SkipReason.SECRET, "may hold secrets", SOURCE)
    what = _SUFFIX_RULES.get(suffix) if stem else None
    if what is not None:
        reason = SkipReason.BINARY if what in _BINARY else SkipReason.EXCLUDED
        return Finding(reason, what, SOURCE)
    if name in _LOCKS:
        return Finding(SkipReason.EXCLUDED, "lock file", SOURCE)
    for ending, what in _ENDINGS.get(suffix, ()):
        if name.endswith(ending):
            reason = SkipReason.GENERATED if what == "generated" else SkipReason.EXCLUDED
            return Finding(reason, what, SOURCE)
    if ".generated." in name or name.startswith("zz_generated."):
        return Finding(SkipReason.GENERATED, "generated", SOURCE)
    return None


def _is_secret(name: str, stem: str, suffix: str) -> bool:
    if name in _SECRETS or (stem and suffix in _SECRET_SUFFIXES):
        return True
    if any(word in name for word in _PATTERN_WORDS):
        return False
    if suffix in _SETTINGS_SUFFIXES:
        for word in _SECRET_STEMS:
            if stem.startswith(word) and not stem[len(word) : len(word) + 1].isalnum():
                return True
    return name.startswith(".env.")


def of_folder(root: Path, path: str) -> Finding | None:
    """The rule that leaves out a folder with all that is in it, if there is one."""
    name = path[path.rfind("/") + 1 :].lower()
    what = _FOLDER_RULES.get(name)
    if what is None and name.endswith(".egg-info"):
        what = "cache"
    if name == "vendor" and _is_vendored(root / path, path.lower().split("/")[:-1]):
        what = "vendored"
    return Finding(SkipReason.EXCLUDED, what, SOURCE) if what else None


def _is_vendored(folder: Path, above: list[str]) -> bool:
    return (
        not above
        or not _SERVED.isdisjoint(above)
        or any((folder / mark).exists() for mark in _VENDOR_MARKS)
    )
