"""Archives: what comes out of wheels, npm tarballs, Debian sources and hostile files."""

from __future__ import annotations

import hashlib
import io
import itertools
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest

from training import archives
from training.archives import ArchiveError, members
from training.clients import has_upstream, missing
from training.collect import Collector, Package
from training.declared import inspected


def tar(files: dict[str, bytes], mode: str = "w:gz") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def write(file: Path, data: bytes) -> Path:
    file.write_bytes(data)
    return file


def names(file: Path) -> list[str]:
    return [member.path for member in members(file)]


def dsc(folder: Path, parts: dict[str, bytes], homepage: str = "https://example.org/a/b") -> Path:
    lines = ["Source: thing", f"Homepage: {homepage}", "Checksums-Sha256:"]
    for name, data in parts.items():
        write(folder / name, data)
        lines.append(f" {hashlib.sha256(data).hexdigest()} {len(data)} {name}")
    return write(folder / "thing_1.dsc", "\n".join(lines).encode() + b"\n")


def deb(files: dict[str, bytes]) -> bytes:
    found = b"!<arch>\n"
    for name, data in (("debian-binary", b"2.0\n"), ("data.tar.xz", tar(files, "w:xz"))):
        found += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}".encode() + b"`\n"
        found += data + b"\n" * (len(data) % 2)
    return found


def test_a_wheel_gives_its_files(tmp_path: Path) -> None:
    file = tmp_path / "a-1-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/b.py", "x = 1")
        archive.writestr("../evil.py", "x")
        archive.writestr("/etc/evil.py", "x")
        archive.writestr("a/large.py", b"x" * (archives.MAX_MEMBER + 1))
    assert names(file) == ["a/b.py"]


def test_a_tarball_loses_the_folder_that_all_share(tmp_path: Path) -> None:
    files = {"package/index.js": b"1", "package/lib/a.js": b"2", "package/../../evil.js": b"3"}
    assert names(write(tmp_path / "a-1.tgz", tar(files))) == ["index.js", "lib/a.js"]


def test_links_and_devices_are_left_out(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo(f"a/{kind!r}")
            info.type = kind
            info.linkname = "/etc/passwd"
            archive.addfile(info)
    assert names(write(tmp_path / "a.tgz", stream.getvalue())) == []


def test_a_debian_source_gives_all_its_archives_and_those_inside_them(tmp_path: Path) -> None:
    parts = {
        "thing_1.debian.tar.xz": tar({"debian/copyright": b"c"}, "w:xz"),
        "thing_1.orig.tar.gz": tar({"thing-1/a.c": b"a", "thing-1/inner.tar.gz": b"broken"}),
        "thing_1.orig-extra.tar.xz": tar(
            {"x/whole.tar.gz": tar({"inner-1/b.c": b"b"}), "x/c.c": b"c"}, "w:xz"
        ),
    }
    found = dict(members(dsc(tmp_path, parts)))
    assert sorted(found) == ["a.c", "b.c", "c.c", "debian/copyright"]


def test_a_built_package_gives_its_files_without_the_folders_of_the_system(tmp_path: Path) -> None:
    files = {
        "./usr/share/gocode/src/github.com/a/b/c/d.go": b"x",
        "./usr/share/cargo/registry/a-1.0/src/lib.rs": b"x",
        "./usr/lib/ruby/vendor_ruby/a/b.rb": b"x",
        "./usr/share/doc/a/copyright": b"x",
    }
    file = write(tmp_path / "a_1_all.deb", deb(files))
    assert names(file) == ["c/d.go", "src/lib.rs", "a/b.rb", "usr/share/doc/a/copyright"]


def test_only_what_is_wanted_is_read_up_to_a_size(tmp_path: Path) -> None:
    large = b"x" * (archives.MAX_MEMBER + 1)
    files = {"a/b/keep.po": large, "a/b/huge.po": large * 2, "a/b/other.c": b"x"}
    wheel = tmp_path / "a.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.removeprefix("a/"), data)
    library = {f"./usr/lib/python3/dist-packages/{name[2:]}": data for name, data in files.items()}
    for file in (
        wheel,
        write(tmp_path / "a.tgz", tar(files)),
        write(tmp_path / "outer.tgz", tar({"a/inner.tar.gz": tar(files)})),
        write(tmp_path / "a.deb", deb(library)),
        dsc(tmp_path, {"thing_1.orig.tar.gz": tar(files)}),
    ):
        asked: list[str] = []

        def is_catalogue(path: str, asked: list[str] = asked) -> bool:
            asked.append(path)
            return path.endswith(".po")

        found = [m.path for m in members(file, is_catalogue, archives.MAX_MEMBER + 1)]
        assert found == ["b/keep.po"], file.name
        assert "b/other.c" in asked, file.name


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.whl", b"no zip"),
        ("a.tgz", b"no tar"),
        ("a.tar.xz", lzma.compress(b"no tar")),
        ("a.tgz", tar({"a/b": b"x" * 100_000})[:90]),
        ("a.deb", b"!<arch>\n" + b"x" * 60),
        ("a.deb", b""),
    ],
    # Not by content: an archive holds the time at which it was made.
    ids=itertools.count(),
)
def test_a_broken_archive_is_told_by_one_error(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(ArchiveError):
        list(members(write(tmp_path / name, data)))


def test_what_unpacks_to_too_much_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = tar({f"a/{n}.bin": b"\0" * 900_000 for n in range(20)})
    monkeypatch.setattr(archives, "MAX_BYTES", 5_000_000)
    with pytest.raises(ArchiveError):
        list(members(write(tmp_path / "a.tgz", bomb)))
    monkeypatch.setattr(archives, "MAX_MEMBERS", 5)
    with pytest.raises(ArchiveError):
        list(members(write(tmp_path / "b.tgz", tar({f"a/{n}": b"" for n in range(20)}))))


COPYRIGHT = b"Files: *\nLicense: Expat\n\nFiles: bad/*\nLicense: GPL-2\n"


def test_what_an_archive_says_of_itself(tmp_path: Path) -> None:
    wheel = tmp_path / "a-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(
            "a-1.dist-info/METADATA", "Name: A.b\nLicense: MIT\nHome-page: https://x.y/z"
        )
    assert inspected(wheel).name == "A.b"
    assert inspected(wheel).licence == "MIT"
    package = (
        b'{"name": "@a/b", "license": "MIT", "repository": {"url": "git+https://x.org/c/d.git"}}'
    )
    npm = inspected(write(tmp_path / "a-1.tgz", tar({"package/package.json": package})))
    assert (npm.name, npm.licence) == ("@a/b", "MIT")
    assert "https://x.org/c/d.git" in npm.addresses
    parts = {"thing_1.debian.tar.gz": tar({"debian/copyright": COPYRIGHT})}
    source = inspected(dsc(tmp_path, parts, "https://x.org/e/f"))
    assert (source.name, source.licence) == ("thing", "Expat")
    assert "https://x.org/e/f" in source.addresses
    built = deb({"./usr/share/doc/a/copyright": COPYRIGHT})
    assert not inspected(write(tmp_path / "a_1_all.deb", built)).licence
    built = deb({"./usr/share/doc/a/copyright": COPYRIGHT.replace(b"bad/", b"tests/")})
    assert inspected(write(tmp_path / "a_1_all.deb", built)).licence == "Expat"
    assert not inspected(write(tmp_path / "b.tgz", b"broken")).licence


def test_a_name_and_addresses_are_known_where_the_licence_is_not(tmp_path: Path) -> None:
    package = b'{"name": "a", "license": "GPL-3.0", "repository": "https://x.org/c/d"}'
    npm = inspected(write(tmp_path / "a-1.tgz", tar({"package/package.json": package})))
    assert (npm.name, npm.licence) == ("a", "")
    assert "https://x.org/c/d" in npm.addresses
    source = inspected(dsc(tmp_path, {"thing_1.orig.tar.gz": tar({"thing/a.c": b""})}))
    assert (source.name, source.licence) == ("thing", "")
    assert "https://example.org/a/b" in source.addresses
    text = b"Source: https://x.org/e/f\n\nFiles: *\nLicense: GPL-2\n"
    built = inspected(write(tmp_path / "a_1_all.deb", deb({"./usr/share/doc/a/copyright": text})))
    assert (built.name, built.licence) == ("a", "")
    assert "https://x.org/e/f" in built.addresses
    for said in (b"[]", b"no JSON"):
        file = write(tmp_path / "b-1.tgz", tar({"package/package.json": said}))
        assert not inspected(file).name


def test_a_source_judged_by_hand_may_lack_debians_own_archive(tmp_path: Path) -> None:
    parts = {
        "thing_1.orig.tar.gz": tar({"thing-1/a.po": b"a"}),
        "thing_1.debian.tar.gz": tar({"debian/copyright": COPYRIGHT}),
    }
    served = tmp_path / "served"
    served.mkdir()

    def client(folder: Path, _wanted: object) -> dict[str, Path | str]:
        file = dsc(folder, parts)
        (folder / "thing_1.debian.tar.gz").unlink()
        return {"thing": file}

    file = client(served, None)["thing"]
    assert isinstance(file, Path)
    assert missing(file) == ["thing_1.debian.tar.gz"]
    assert has_upstream(file)
    statuses = []
    for by_hand in ("", "the head of every catalogue"):
        collector = Collector(tmp_path)
        collector.fetch([Package("debian", "thing", "1", "MIT", by_hand)], client)
        statuses += [entry.status for entry in collector.known.values()]
    assert statuses == ["failed: not served", "ok by hand"]
    write(served / "thing_1.orig.tar.gz", b"something else")
    assert not has_upstream(file)
    assert missing(dsc(served, parts)) == []
