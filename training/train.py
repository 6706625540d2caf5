"""Learns the vectors: a question must be nearer to its own function than to a batch's others.

    python -m training.train --work DIR --run NAME [--steps 3000 ...]

Reads DIR/runs/NAME/{train,parallel}.npz, and initial.npy where it is there, writes
DIR/runs/NAME/model.npz, and a checkpoint now and then, from which it goes on to the same result.
A batch is made of groups of one package each,
because the functions of one package are the hard ones to tell apart.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.encode import FIELDS, Bags
from training.frames import Frames
from training.model import Batch, Static
from training.optimizer import RowAdam

I64 = NDArray[np.int64]

_KEEP = 250  # steps between two checkpoints


@dataclass(frozen=True)
class Recipe:
    """What is chosen by measuring, on the packages of the part "dev"."""

    steps: int = 6000
    dimension: int = 256
    groups: int = 32
    group: int = 64
    rate: float = 0.1
    seed: int = 1
    drop_code: float = 0.2  # tokens of a passage left out
    drop_asked: float = 0.1  # tokens of a question left out,
    drop_shared: float = 0.15  # and of those that stand in its passage, so that words are not all
    framed: float = 0.4  # questions with "where do we" or the like around them
    keep_doc: float = 0.3  # passages that keep the doc that the question was made of
    parallel: int = 512  # pairs of sentences of two languages a step
    parallel_weight: float = 0.3
    teacher_weight: float = 0.5
    teacher_temperature: float = 0.07
    balance: float = 0.6  # languages count by this power of their share


class Data:
    """One split, as ``encode`` wrote it."""

    def __init__(self, file: Path) -> None:
        with np.load(file) as z:
            self.fields = {name: _bags(z, name) for name in FIELDS}
            self.question = _bags(z, "question")
            self.shared: NDArray[np.bool_] = z["shared"]
            self.of: I64 = z["of"]
            self.source = z["source"]
            self.lang = z["lang"]
            self.package = z["package"]
            self.language = z["language"]

    def idf(self, tokens: int) -> NDArray[np.float32]:
        """Of every token, over passages and questions alike."""
        count = sum(
            np.bincount(b.token, minlength=tokens)
            for b in (self.fields["code"], self.fields["doc"], self.question)
        )
        total = 2 * len(self.fields["code"]) + len(self.question)
        return np.log1p(total / (1.0 + np.asarray(count))).astype(np.float32)


def _bags(z: np.lib.npyio.NpzFile, name: str) -> Bags:
    return Bags(z[f"{name}.token"], z[f"{name}.weight"], z[f"{name}.first"])


def groups(data: Data, recipe: Recipe, rng: np.random.Generator) -> Iterator[I64]:
    """Groups of questions without end: of one package each, or of small ones of one language."""
    _, package = np.unique(data.package[data.of], return_inverse=True)
    names, language = np.unique(data.language[data.of], return_inverse=True)
    share = np.bincount(language) / len(language)
    odds = share**recipe.balance / (share**recipe.balance).sum()
    queues: list[list[I64]] = [[] for _ in names]
    while True:
        which = int(rng.choice(len(names), p=odds))
        if not queues[which]:
            mine = rng.permutation(np.flatnonzero(language == which))
            # Packages in a random order, each together; a group may cross the end of one.
            order = rng.permutation(int(package.max()) + 1)
            mine = mine[np.argsort(order[package[mine]], kind="stable")]
            cut = [mine[i : i + recipe.group] for i in range(0, len(mine), recipe.group)]
            queues[which] = [cut[i] for i in rng.permutation(len(cut))]
        yield queues[which].pop()


def passages(data: Data, asked: I64, recipe: Recipe, rng: np.random.Generator) -> list[Batch]:
    """The fields of the asked functions, with random weights, so that no weight is built in."""
    n = len(asked)
    of = data.of[asked]
    from_doc = data.source[asked] == "doc"
    keep_doc = np.where(from_doc, rng.random(n) < recipe.keep_doc, rng.random(n) < 0.7)
    factor = {
        "code": rng.uniform(0.7, 1.3, n),
        "doc": rng.uniform(0.4, 1.2, n) * keep_doc,
        "symbol": rng.uniform(0.3, 1.3, n) * (rng.random(n) > 0.15),
        "path": rng.uniform(0.1, 0.7, n) * (rng.random(n) > 0.15),
    }
    made = []
    for name in FIELDS:
        bags = data.fields[name].take(of)
        batch = Batch.of(bags, rng.random(len(bags.token)) >= recipe.drop_code)
        batch.factor = torch.from_numpy(factor[name].astype(np.float32))
        made.append(batch)
    return made


def questions(
    data: Data, asked: I64, recipe: Recipe, frames: Frames, rng: np.random.Generator
) -> Batch:
    bags = data.question.take(asked)
    flags = data.shared[data.question.at(asked)]
    # Half of the questions lose most of what they share with the answer.
    strict = np.repeat(rng.random(len(asked)) < 0.5, np.diff(bags.first))
    drop = np.where(flags & strict, 2 * recipe.drop_shared, recipe.drop_asked)
    stay = rng.random(len(flags)) >= drop
    written = data.language[data.of[asked]]
    bags, of_frame = frames.around(bags, data.lang[asked], written, recipe.framed, rng)
    keep = np.ones(len(of_frame), np.bool_)
    keep[~of_frame] = stay
    return Batch.of(bags, keep)


def alike(data: Data, asked: I64) -> torch.Tensor:
    """Which of a batch's questions are the same words, or of the same function."""
    bags = data.question.take(asked)
    edges = zip(bags.first, bags.first[1:], strict=False)
    keys: dict[bytes, int] = {}
    number = np.array([keys.setdefault(bags.token[a:b].tobytes(), len(keys)) for a, b in edges])
    of = data.of[asked]
    same = (number[:, None] == number) | (of[:, None] == of)
    np.fill_diagonal(same, val=False)
    return torch.from_numpy(same)


class Parallel:
    """Sentences of two languages, and words; rare languages come more often than they stand."""

    def __init__(self, file: Path) -> None:
        with np.load(file) as z:
            self.left, self.right = _bags(z, "left"), _bags(z, "right")
            self.lang = z["lang"]
        names, language = np.unique(self.lang, return_inverse=True)
        count = np.bincount(language, minlength=len(names))
        odds = (1 / np.sqrt(count))[language] * np.where(np.char.count(names, " "), 0.3, 1)[
            language
        ]
        self._ends = np.cumsum(odds / odds.sum())

    def draw(
        self, n: int, frames: Frames, framed: float, rng: np.random.Generator
    ) -> tuple[Batch, Batch]:
        at = np.unique(np.searchsorted(self._ends, rng.random(n)).clip(max=len(self._ends) - 1))
        left, _ = frames.around(self.left.take(at), self.lang[at], [""] * len(at), framed, rng)
        return Batch.of(left), Batch.of(self.right.take(at))


class Teacher:
    """A larger model's vectors of some of the questions, as ``teach`` wrote them."""

    def __init__(self, folder: Path, questions: int) -> None:
        files = sorted(f for f in folder.glob("*.npz") if ".part" not in f.name)
        blocks = [np.load(f) for f in files]
        self.vectors = np.concatenate([b["vectors"] for b in blocks])
        self._at = np.full(questions, -1)
        self._at[np.concatenate([b["place"] for b in blocks])] = np.arange(len(self.vectors))

    def of(self, asked: I64) -> tuple[torch.Tensor, torch.Tensor]:
        """Which of the questions it knows, and its vectors of these."""
        at = self._at[asked]
        known = np.flatnonzero(at >= 0)
        return torch.from_numpy(known), torch.from_numpy(self.vectors[at[known]].astype(np.float32))


def train(run: Path, recipe: Recipe, kept: Path, report: int = 100) -> Static:
    """Learns, and goes on from the checkpoint ``kept`` where there is one of the same recipe."""
    tokens = (run / "tokens.txt").read_text(encoding="utf-8").splitlines()
    frames = Frames(tokens)
    data = Data(run / "train.npz")
    parallel = Parallel(run / "parallel.npz") if recipe.parallel else None
    lessons = run.parent.parent / "teacher"
    is_taught = recipe.teacher_weight > 0 and lessons.exists()
    teacher = Teacher(lessons, len(data.of)) if is_taught else None
    begun = run / "initial.npy"
    initial = np.load(begun).astype(np.float32) if begun.exists() else None
    print(f"{'with' if is_taught else 'without'} a teacher,", end=" ")
    print(f"from {'directions at random' if initial is None else begun.name}", flush=True)
    model = Static(data.idf(len(tokens)), recipe.dimension, recipe.seed, initial)
    optimizer = RowAdam(model.parameters(), lr=recipe.rate)
    warm = 50
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda s: (
            min(1.0, (s + 1) / warm)
            * (0.02 + 0.98 * (1 + math.cos(math.pi * min(s / recipe.steps, 1))) / 2)
        ),
    )
    source = groups(data, recipe, np.random.default_rng(recipe.seed))
    losses: list[float] = []
    first = 0
    if kept.exists():
        state = torch.load(kept, weights_only=True)
        if state["recipe"] == repr(recipe):
            model.load_state_dict(state["model"])
            optimizer.load_state_dict(state["optimizer"])
            schedule.load_state_dict(state["schedule"])
            first = state["step"]
            for _ in range(first * recipe.groups):
                next(source)
            print(f"goes on at step {first}", flush=True)
    began = time.monotonic()
    for step in range(first, recipe.steps):
        rng = np.random.default_rng([recipe.seed, step])  # the same after an interruption
        asked = np.concatenate([next(source) for _ in range(recipe.groups)])
        left = model.questions(questions(data, asked, recipe, frames, rng))
        right = model.passages(passages(data, asked, recipe, rng))
        loss = model.contrast(left, right, alike(data, asked))
        losses.append(loss.item())
        if parallel is not None:
            a, b = parallel.draw(recipe.parallel, frames, recipe.framed, rng)
            loss = loss + recipe.parallel_weight * model.contrast(
                model.questions(a), model.questions(b)
            )
        if teacher is not None:
            known, taught = teacher.of(asked)
            loss = loss + recipe.teacher_weight * model.imitate(
                left[known], right[known], taught, recipe.teacher_temperature
            )
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        if (step + 1) % report == 0:
            pace = (time.monotonic() - began) / (step + 1 - first)
            print(
                f"step {step + 1}  loss {np.mean(losses[-report:]):.3f}"
                f"  temperature {math.exp(-model.scale.item()):.3f}  {pace:.2f} s a step",
                flush=True,
            )
        if (step + 1) % _KEEP == 0:
            states: dict[str, Any] = {"model": model, "optimizer": optimizer, "schedule": schedule}
            state = {name: each.state_dict() for name, each in states.items()}
            part = kept.with_suffix(".part")
            torch.save({"recipe": repr(recipe), "step": step + 1, **state}, part)
            part.replace(kept)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--out", default="model")
    for name, kind in (("steps", int), ("rate", float), ("seed", int), ("dimension", int)):
        parser.add_argument(f"--{name}", type=kind, default=getattr(Recipe, name))
    parser.add_argument(
        "--set", nargs="*", default=[], help="further fields of the recipe: name=value"
    )
    args = parser.parse_args()
    more = dict(pair.split("=") for pair in args.set)
    recipe = Recipe(
        steps=args.steps, rate=args.rate, seed=args.seed, dimension=args.dimension,
        **{k: type(getattr(Recipe, k))(v) for k, v in more.items()},
    )  # fmt: skip
    run: Path = args.work / "runs" / args.run
    kept = run / f"{args.out}.checkpoint"
    train(run, recipe, kept).save(run / f"{args.out}.npz")
    kept.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
