"""What a commit changes or would change, read from git's objects.

Of a commit that is being made it is what is staged; else what lies between two commits. A blob is
read as it is stored: no filter and no text conversion that a repository names is run. Only what is
not committed yet is read as it lies in the work tree.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial

from codesearch import config
from codesearch.errors import CodesearchError, ConfigError
from codesearch.files import git
from codesearch.files.base import Rules, is_inside, printable
from codesearch.files.exclusions import Exclusions
from codesearch.files.read import Detect, limit_of, of_bytes, read
from codesearch.model import FileStat, SourceFile
from codesearch.places import Root

# More files than this that differ from what is compared are taken as they lie in the work tree.
_MANY_DIFFER = 300
_OBJECT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REGULAR = {"100644", "100755"}
_OF_FILTERS = r"^filter\..*\.(clean|smudge|process|required)$"
#: What git tells its hooks about the commit that is being made, and a hook has to ask about.
_OF_HOOKS = (
    "GIT_INDEX_FILE",
    "GIT_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
)


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit changes. All files are as git has them.

    ``new`` are the files that it adds or alters, ``old`` what stood at these paths before and
    what it deletes. ``others`` are files that it leaves alone but that lie otherwise in the work
    tree. ``paths`` are those that lie there as it leaves them. ``is_empty`` is whether there is
    nothing to be committed: a merge is something, even if it changes no file by itself.
    """

    new: Sequence[SourceFile]
    old: Sequence[SourceFile]
    others: Sequence[SourceFile]
    paths: frozenset[str]
    notes: Sequence[str] = ()
    is_empty: bool = False


@dataclass(slots=True)
class _Entry:
    """A line of git's raw difference: a path, its blobs before and its blob after."""

    path: str
    before: list[str] = field(default_factory=list)
    after: str = ""


def staged(root: Root, rules: Rules, detect: Detect) -> Change:
    """What is staged, against the last commit; in a merge, against all that are merged.

    Raises:
        ConfigError: this is no git repository.
        CodesearchError: git can't be asked.
    """
    return _Asker(root, rules, detect, in_hook=True).staged()


def since(root: Root, rules: Rules, detect: Detect, base: str, to: str = "HEAD") -> Change:
    """What the commits since ``base`` and its branching off change, up to ``to``.

    Raises:
        ConfigError: this is no git repository, or there is no such commit.
        CodesearchError: git can't be asked.
    """
    return _Asker(root, rules, detect, in_hook=False).since(base, to)


def pushed(root: Root, rules: Rules, detect: Detect, to: str) -> Change:
    """What no remote has yet of a commit, as far as is known here.

    Raises:
        ConfigError: this is no git repository, or there is no such commit.
        CodesearchError: git can't be asked.
    """
    return _Asker(root, rules, detect, in_hook=False).pushed(to)


def uncommitted(
    root: Root, rules: Rules, detect: Detect, unsaved: Mapping[str, bytes] | None = None
) -> Change:
    """What the work tree has that the last commit has not, tracked or not.

    Args:
        unsaved: what an editor holds of some files, by path, instead of what lies there.

    Raises:
        ConfigError: this is no git repository.
        CodesearchError: git can't be asked.
    """
    return _Asker(root, rules, detect, in_hook=False).uncommitted(unsaved or {})


def committed(root: Root, path: str, commit: str = "") -> bytes | None:
    """A file as a commit has it, or as it is staged; None where it has none, or git can't say."""
    program = git.find_git()
    if program is None or not root.is_git:
        return None
    try:
        name = f"{commit}:{path}" if commit else f":0:{path}"
        done = git.run(root, program, ("cat-file", "blob", name), b"", _told_to_hooks())
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _told_to_hooks() -> dict[str, str]:
    return {name: value for name in _OF_HOOKS if (value := config.variable(name))}


class _Asker:
    def __init__(self, root: Root, rules: Rules, detect: Detect, *, in_hook: bool) -> None:
        program = git.find_git()
        if not root.is_git:
            raise ConfigError(
                f"{root.path} is not a git repository", "give files, or --all, to compare"
            )
        if program is None:
            raise CodesearchError("git was not found", "install git, or put it on PATH")
        self._root, self._rules, self._detect = root, rules, detect
        self._program = program
        self._extra = _told_to_hooks() if in_hook else {}
        self._notes: list[str] = []

    def staged(self) -> Change:
        with ThreadPoolExecutor(2) as beside:
            differing = beside.submit(copy_context().run, self._apart, "diff-files")
            tracked = beside.submit(copy_context().run, self._names, "ls-files", "-z")
            parents = ["HEAD", *self._merged()]
            try:
                each = [self._raw("diff-index", "--cached", parent) for parent in parents]
                entries = _in_all(each)
            except CodesearchError:
                if self._commit("HEAD") is not None:
                    raise
                # There is no commit yet: all that is staged is new.
                fields = [re.split(r"[ \t]", line, maxsplit=3) for line in self._names(
                    "ls-files", "--stage", "-z"
                )]  # fmt: skip
                entries = [_Entry(f[3], [], f[1] if f[0] in _REGULAR else "") for f in fields]
            is_empty = len(parents) == 1 and not entries
            return self._change(entries, differing.result, tracked.result, is_empty=is_empty)

    def since(self, base: str, to: str) -> Change:
        ends = self._known(base), self._known(to)
        fork = self._run("merge-base", *ends, accept=(0, 1)).strip() or ends[0]
        return self._between(fork, ends[1])

    def pushed(self, to: str) -> Change:
        end = self._known(to)
        new = self._run("rev-list", "--boundary", end, "--not", "--remotes").split()
        there = [line[1:] for line in new if line.startswith("-")]
        if there:
            return self._between(self._run("merge-base", end, *there).strip(), end)
        if not new:
            return self._between(end, end)
        self._notes.append(f"no remote has anything of {printable(to)} yet: all of it is new")
        return self._between(self._empty_tree(), end)

    def uncommitted(self, unsaved: Mapping[str, bytes]) -> Change:
        base = "HEAD" if self._commit("HEAD") is not None else self._empty_tree()
        differing = {e.path: e for e in self._apart("diff-index", base)}
        new = self._names("ls-files", "-z", "--others", "--exclude-standard")
        excluded = Exclusions(self._root, self._rules).of_file
        paths = {p for p in {*differing, *new, *unsaved} if is_inside(p) and excluded(p) is None}

        def files(each: Iterable[str], held: Mapping[str, bytes]) -> list[SourceFile]:
            stats = (FileStat(p, 0, 0, unsaved=held.get(p)) for p in sorted(each))
            got = (read(self._root, stat, self._rules, self._detect) for stat in stats)
            return [file for file in got if isinstance(file, SourceFile)]

        before = [(p, b) for p, e in differing.items() if p in paths for b in e.before]
        return Change(
            new=files(paths, unsaved),
            # What is only unsaved lies there as it was committed.
            old=[
                *self._files(before, self._blobs(before)),
                *files((unsaved.keys() & paths) - differing.keys() - set(new), {}),
            ],
            others=(),
            paths=frozenset(self._names("ls-files", "-z")) - paths,
        )

    def _empty_tree(self) -> str:
        return self._run("hash-object", "-t", "tree", "--stdin").strip()

    def _between(self, base: str, to: str) -> Change:
        """What changes from one commit, or the empty tree, to another."""
        entries = self._raw("diff-tree", "-r", base, to)
        apart = partial(self._apart, "diff-index", to)
        tree = partial(self._names, "ls-tree", "-r", "-z", "--name-only", to)
        return self._change(entries, apart, tree)

    # -- what git says -----------------------------------------------------------------

    def _known(self, name: str) -> str:
        found = self._commit(name)
        if found is None:
            raise ConfigError(
                f"there is no commit {printable(name)!r}",
                "fetch it, or give another one, such as origin/main",
            )
        return found

    def _commit(self, name: str) -> str | None:
        if name.startswith("-"):
            raise ConfigError(f"{printable(name)!r} is no commit", "give a branch or a commit")
        said = ("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        return self._run(*said, accept=(0, 1, 128)).strip() or None

    def _merged(self) -> list[str]:
        """The other parents of a merge that is being made."""
        folder = self._extra.get("GIT_DIR") or self._root.git_dir or ""
        try:
            lines = (self._root.path / folder / "MERGE_HEAD").read_text("ascii").split()
        except (OSError, UnicodeDecodeError):
            return []
        found = [self._commit(line) for line in lines if _OBJECT.fullmatch(line)]
        return [commit for commit in found if commit]

    def _apart(self, command: str, *arguments: str) -> list[_Entry]:
        """What differs in the work tree.

        Where times don't tell whether a file differs git reads it, through the filter that the
        repository's settings name: a program. So all filters are switched off; then a file that
        a filter would change differs, and is read as it is stored.
        """
        names = self._run("config", "-z", "--name-only", "--get-regexp", _OF_FILTERS, accept=(0, 1))
        before: list[str] = []
        for name in dict.fromkeys(filter(None, names.split("\0"))):
            if "=" in name:
                raise CodesearchError(f"git's setting {printable(name)} cannot be switched off")
            before += ["-c", f"{name}={'false' if name.endswith('.required') else ''}"]
        return self._raw(command, *arguments, before=before)

    def _raw(self, command: str, *arguments: str, before: Sequence[str] = ()) -> list[_Entry]:
        """The entries of a difference; those of links and submodules without blobs."""
        how = ("--raw", "-z", "--no-renames", "--no-abbrev", "--ignore-submodules=dirty")
        fields = self._run(*before, command, *how, *arguments).split("\0")
        found = []
        for said, path in zip(fields[::2], fields[1::2], strict=False):
            was, becomes, old, new = said.lstrip(":").split(" ")[:4]
            entry = _Entry(path)
            if was in _REGULAR:
                entry.before.append(old)
            if becomes in _REGULAR:
                entry.after = new
            found.append(entry)
        return found

    def _names(self, *arguments: str) -> list[str]:
        return [name for name in self._run(*arguments).split("\0") if name]

    def _run(self, *arguments: str, said: bytes = b"", accept: Sequence[int] = (0,)) -> str:
        return os.fsdecode(self._bytes(*arguments, said=said, accept=accept))

    def _bytes(self, *arguments: str, said: bytes = b"", accept: Sequence[int] = (0,)) -> bytes:
        try:
            done = git.run(self._root, self._program, arguments, said, self._extra)
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise CodesearchError(f"git cannot be asked: {error}") from None
        if done.returncode not in accept:
            lines = os.fsdecode(done.stderr).strip().replace("\n", " / ")
            why = printable(lines)[:300] or f"exit status {done.returncode}"
            lacks = "fetch what a partial clone lacks: git fetch --refetch --no-filter"
            raise CodesearchError(f"git failed: {why}", lacks if "promisor" in why else "")
        return done.stdout

    # -- blobs -------------------------------------------------------------------------

    def _change(
        self,
        entries: Sequence[_Entry],
        apart: Callable[[], Sequence[_Entry]],
        listed: Callable[[], Sequence[str]],
        *,
        is_empty: bool = False,
    ) -> Change:
        excluded = Exclusions(self._root, self._rules).of_file

        def counts(entry: _Entry) -> bool:
            return is_inside(entry.path) and excluded(entry.path) is None

        entries = [e for e in entries if counts(e)]
        before = [(e.path, b) for e in entries for b in e.before]
        after = [(e.path, e.after) for e in entries if e.after]
        blobs = self._blobs([*after, *before])  # while git looks at the work tree
        changed = {e.path for e in entries}
        differing = apart()
        apart_from_it = [e for e in differing if e.path not in changed and counts(e)]
        others = [(e.path, blob) for e in apart_from_it for blob in e.before]
        if len(others) > _MANY_DIFFER:
            self._notes.append(
                f"{len(others)} files differ from the commit in the work tree; of these,"
                " what lies there was compared with"
            )
            others = []
        blobs |= self._blobs(others)
        # What ``git add -N`` only announces is in no commit.
        announced = {e.path for e in differing if not e.before}
        return Change(
            new=self._files(after, blobs),
            old=self._files(before, blobs),
            others=self._files(others, blobs),
            paths=frozenset(listed()) - changed - announced - {path for path, _ in others},
            notes=self._notes,
            is_empty=is_empty,
        )

    def _files(
        self, wanted: Iterable[tuple[str, str]], blobs: dict[str, bytes]
    ) -> list[SourceFile]:
        found = []
        for path, blob in wanted:
            if blob not in blobs:
                continue
            got = of_bytes(path, blobs[blob], self._rules, self._detect)
            if isinstance(got, SourceFile):
                found.append(got)
        return found

    def _blobs(self, wanted: Iterable[tuple[str, str]]) -> dict[str, bytes]:
        """The contents of blobs that are not too large, by their names."""
        limits: dict[str, int] = {}
        for path, blob in wanted:
            if _OBJECT.fullmatch(blob) and blob.strip("0"):
                limits[blob] = max(limits.get(blob, 0), limit_of(path, self._rules))
        if not limits:
            return {}
        said = "".join(f"{blob}\n" for blob in limits).encode()
        sizes = self._run("cat-file", "--batch-check", said=said).splitlines()
        small = []
        for line in sizes:
            blob, _, rest = line.partition(" ")
            kind, _, size = rest.partition(" ")
            if kind == "blob" and int(size) <= limits.get(blob, 0):
                small.append(blob)
        if not small:
            return {}
        out = self._bytes("cat-file", "--batch", said="".join(f"{b}\n" for b in small).encode())
        found, position = {}, 0
        for _ in small:
            end = out.index(b"\n", position)
            blob, _kind, size = out[position:end].decode("ascii").split(" ")
            found[blob] = out[end + 1 : end + 1 + int(size)]
            position = end + 2 + int(size)
        return found


def _in_all(each: Sequence[list[_Entry]]) -> list[_Entry]:
    """The entries that are in every difference, with what stood there in each."""
    first, *rest = [{e.path: e for e in entries} for entries in each]
    found = []
    for path, entry in first.items():
        same = [entries[path] for entries in rest if path in entries]
        if len(same) == len(rest):
            entry.before += [blob for e in same for blob in e.before]
            found.append(entry)
    return found
