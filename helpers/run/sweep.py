"""The same numbers under many settings of the parameters and for several cohorts: one table, one picture."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from matplotlib.figure import Figure
from rich.console import Console

from helpers.cohort.derive import Analysis, analyse
from helpers.cohort.read import read_cohort
from helpers.parallel import connected_cluster
from helpers.parameters import Parameters
from helpers.paths import COHORT, atomic_writing, write_csv
from helpers.problems import InputError, Problem
from helpers.published.values import canonical_id
from helpers.results import registry
from helpers.results.value import Value
from helpers.run import series
from helpers.run.execution import Executed, Failure, Task, can_fork, run_tasks
from helpers.run.files import place_files, refuse_foreign_files
from helpers.run.folders import working_folder
from helpers.run.steps import Steps, of_inputs

WILD = "*"
DEFAULT = "default"
KEYS = ("cohorts", "parameters", "fixed", "numbers")
MOST_PANELS, MOST_POINTS, LARGEST = 12, 10_000, 100_000


@dataclass(frozen=True)
class Grid:
    """What a sweep varies: cohort folders ("" is the default), parameters, what stays fixed, and ids or patterns."""

    cohorts: tuple[str, ...] = ("",)
    varied: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


def read_grid(path: Path) -> Grid:
    """Read a grid from YAML; folders count from the file's own.

    Raises
    ------
    InputError
        With everything that is wrong with it.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "grid.yaml"
    >>> _ = path.write_text("cohorts: [default]\\nparameters:\\n  gc_cutoff: [5, 8]\\nnumbers: ['table5.*.hr']\\n")
    >>> read_grid(path)
    Grid(cohorts=('',), varied=('gc_cutoff=5|8',), settings=(), ids=('table5.*.hr',))
    """
    try:
        text = path.read_text(encoding="utf-8")
        found = yaml.safe_load(text) if len(text) < LARGEST else "a file of this size"
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError):
        raise InputError([_wrong("", "this file", "a YAML file with " + ", ".join(KEYS))]) from None
    if not isinstance(found, dict):
        raise InputError([_wrong("", type(found).__name__, "entries " + ", ".join(KEYS))])
    problems = [_wrong(key, "this entry", "one of " + ", ".join(KEYS)) for key in found if key not in KEYS]
    lists = {key: _texts(found.get(key), key, problems) for key in ("cohorts", "numbers")}
    varied = _settings(found.get("parameters"), "parameters", "|", problems)
    fixed = _settings(found.get("fixed"), "fixed", "", problems)
    folders = tuple("" if one == DEFAULT else str((path.parent / one).resolve()) for one in lists["cohorts"])
    if problems:
        raise InputError(problems)
    return Grid(folders or ("",), varied, fixed, tuple(lists["numbers"]))


def _wrong(entry: object, found: str, allowed: str) -> Problem:
    return Problem("grid", "", str(entry)[:40], found, allowed)


def _texts(value: object, key: str, problems: list[Problem]) -> list[str]:
    if value is not None and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
        problems.append(_wrong(key, type(value).__name__, "a list of texts"))
        return []
    return list(value or [])


def _settings(value: object, key: str, several: str, problems: list[Problem]) -> tuple[str, ...]:
    """Write the entries of a mapping as ``name=value|value``."""
    if value is not None and not isinstance(value, Mapping):
        problems.append(_wrong(key, type(value).__name__, "name: value, a line each"))
        return ()
    texts = []
    for name, one in (value or {}).items():
        many = one if several and isinstance(one, list) else [one]
        if any("|" in str(each) for each in many):
            problems.append(_wrong(name, "a value with |", "values without |"))
        texts.append(f"{name}=" + "|".join(map(str, many)))
    return tuple(texts)


def settings_of(varied: Iterable[str]) -> list[list[str]]:
    """Cross ``name=value|value|...`` texts into the settings of each point, in the order given.

    Raises
    ------
    InputError
        For each text that varies nothing, and for a cross of too many points.

    Examples
    --------
    >>> settings_of(["gc_cutoff=5|8", "endpoint=OS|PFS"])[1]
    ['gc_cutoff=5', 'endpoint=PFS']
    """
    axes, problems, size = [], [], 1
    for text in varied:
        name, equals, values = text.partition("=")
        if not equals or not values:
            problems.append(Problem("parameters", "", name, text, "name=value|value|..."))
        axes.append([f"{name.strip()}={value.strip()}" for value in values.split("|")])
        size *= len(axes[-1])
    if size > MOST_POINTS:
        problems.append(Problem("parameters", "", "", f"{size} combinations", f"at most {MOST_POINTS}"))
    if problems:
        raise InputError(problems)
    return [list(point) for point in itertools.product(*axes)]


def sweep_points(
    varied: Iterable[str], settings: Sequence[str] = (), cohorts: Sequence[str] = ("",), **fixed: object
) -> list[Parameters]:
    """Build the parameters of every point, refusing all wrong ones at once.

    Raises
    ------
    InputError
        With each problem once.
    """
    made, problems = [], []
    for cohort, point in itertools.product(cohorts, settings_of(varied)):
        folder = {"cohort_folder": cohort} if cohort else {}
        try:
            made.append(Parameters.from_settings([*settings, *point], **folder, **fixed))
        except InputError as error:
            problems += [problem for problem in error.problems if problem not in problems]
    if problems:
        raise InputError(problems)
    return made


def checked_ids(patterns: Sequence[str]) -> tuple[str, ...]:
    """Return ids and patterns such as ``table5.*.hr``, each once, after looking whether some number can have such an id.

    The ids of some families depend on the cohort (``extra.exposure.``): there the opening of a pattern decides.

    Raises
    ------
    InputError
        For each pattern that no number's id can match.
    """
    allowed = "an id of results.json, or a pattern such as table5.*.hr"
    problems = [Problem("ids", "", "", one, allowed) for one in patterns if not _families(one)]
    if problems:
        raise InputError(problems)
    return tuple(dict.fromkeys(patterns))


def _families(pattern: str) -> list[registry.Family]:
    """List the families that may yield an id like *pattern*."""
    if WILD not in pattern:
        try:
            return [registry.declared_family(pattern)]
        except KeyError:
            return []
    fixed = pattern.partition(WILD)[0]
    return [
        one
        for one in registry.all_families()
        if any(fnmatchcase(id, pattern) for id in one.ids)
        or (one.prefix and (one.prefix.startswith(fixed) or fixed.startswith(one.prefix)))
    ]


def matching_numbers(analysis: Analysis, patterns: Sequence[str]) -> dict[str, Value]:
    """Compute the numbers of ids and patterns, those among them whose ids depend on the cohort; no pattern stands for all.

    An id without a pattern that this cohort does not have has a reason instead of a value.
    """
    if not patterns:
        return registry.compute(analysis)
    found: dict[str, Value] = {}
    for pattern in patterns:
        values = {id: value for one in _families(pattern) for id, value in one.values(analysis).items()}
        if WILD in pattern:
            found |= {id: value for id, value in values.items() if fnmatchcase(id, pattern)}
        else:
            key = canonical_id(pattern)
            found[key] = values.get(key, Value(key, None, "not defined for this cohort"))
    return found


def unmatched(patterns: Sequence[str], found: pd.DataFrame) -> list[str]:
    """List the patterns that no number of a finished sweep matches.

    Examples
    --------
    >>> unmatched(["a.*", "b.*", "c.n"], pd.DataFrame({"id": ["a.n"]}))
    ['b.*']
    """
    ids = list(found["id"].unique())
    return [one for one in patterns if WILD in one and not any(fnmatchcase(id, one) for id in ids)]


def swept_numbers(
    parameters: Sequence[Parameters],
    ids: Sequence[str] | None = None,
    out: Path | None = None,
    *,
    jobs: int = 1,
    dask: str = "",
    console: Console | None = None,
) -> tuple[pd.DataFrame, list[Failure]]:
    """Compute numbers under each of several sets of parameters.

    Parameters
    ----------
    parameters : sequence of Parameters
        From :func:`sweep_points`.
    ids : sequence of str, optional
        Ids of numbers and patterns of them; by default all.
    out : Path, optional
        CSV file; beside it ``<name>_compared.csv`` and ``<name>.png``. A sweep that was stopped goes on from the points
        that it had finished.
    jobs : int
        Processes on this machine.
    dask : str
        Address of a Dask scheduler, which wins over *jobs*.

    Returns
    -------
    DataFrame
        The cohort and the parameters that vary, then id, value, n, events, missing, population, method, reason; and
        ``synthetic``.
    list of Failure
        Of points that failed.

    Raises
    ------
    InputError
        If a file stands there that no sweep wrote, or that was changed since.
    """
    place = out if out is not None else Path.cwd() / "sweep"
    refuse_foreign_files(files_of(out) if out is not None else (), "sweep")
    with working_folder(place, keep=True) as part:
        todo = [Point(number, one, ids, Steps(part / "steps", of_inputs(one))) for number, one in enumerate(parameters)]
        new = [point for point in todo if point.finished() is None]
        console = console or Console(stderr=True)
        if len(new) < len(todo):
            series.show_progress(
                console, f"going on from {len(todo) - len(new)} finished points of a sweep that was stopped"
            )
        failures = _on_dask(new, dask, console) if dask else _here(new, jobs, console)
        found = _together(todo, parameters)
        if out is not None and len(found):
            numbers, compared, drawn = files_of(part / out.name)  # where a kill leaves nothing of them behind
            made = [write_csv(numbers, found), write_csv(compared, side_by_side(found)), draw_sweep(found, drawn)]
            place_files(made, out.parent, "sweep")
    return found, failures


def files_of(out: Path) -> tuple[Path, Path, Path]:
    """Name the files of a sweep: the numbers, the table of comparison, the picture.

    Examples
    --------
    >>> [file.name for file in files_of(Path("a.csv"))]
    ['a.csv', 'a_compared.csv', 'a.png']
    """
    return out, out.with_name(f"{out.stem}_compared.csv"), out.with_suffix(".png")


@dataclass(frozen=True)
class Point:
    """One set of parameters of a sweep."""

    number: int
    parameters: Parameters
    ids: Sequence[str] | None
    steps: Steps

    @property
    def name(self) -> str:
        return f"setting {self.number + 1}"

    def finished(self) -> dict[str, Any] | None:
        return self.steps.finished(self.name, repr(self.ids))

    def keep(self, frame: pd.DataFrame) -> None:
        write_csv(self.steps.begin(self.name) / "numbers.csv", frame)
        self.steps.end(self.name, {"seconds": 0}, repr(self.ids))

    def frame(self) -> pd.DataFrame:
        file = self.steps.folder / self.name / "numbers.csv"
        return pd.read_csv(file, dtype={"synthetic": str}, keep_default_na=False, na_values=[""])


def numbers_at(parameters: Parameters, ids: Sequence[str] | None) -> pd.DataFrame:
    """Compute the numbers of one point."""
    cohort = read_cohort(parameters.cohort_folder)
    values = matching_numbers(analyse(cohort, parameters), ids or ())
    return registry.as_frame(values).assign(cohort=cohort.name, synthetic=str(cohort.synthetic).lower())


def _here(todo: Sequence[Point], jobs: int, console: Console) -> list[Failure]:
    def work(point: Point) -> Executed:
        clock = time.perf_counter()
        try:
            point.keep(numbers_at(point.parameters, point.ids))
        except Exception as error:  # one point's failure takes no other with it
            return Executed(Path(), 0.0, Failure(point.name, "results", type(error).__name__))
        return Executed(Path(), time.perf_counter() - clock)

    tasks = [Task(point.name, lambda tell, point=point: work(point), 1) for point in todo]
    done = run_tasks(tasks, jobs=jobs, console=console, fork=can_fork())
    return [one.failure for one in done if one.failure]


def _on_dask(todo: Sequence[Point], address: str, console: Console) -> list[Failure]:
    from distributed import as_completed

    failures = []
    folders = sorted({point.parameters.cohort_folder or str(COHORT) for point in todo})
    with connected_cluster(address, folders) as client:
        futures = {client.submit(numbers_at, point.parameters, point.ids, pure=False): point for point in todo}
        for count, future in enumerate(as_completed(futures), 1):
            point = futures[future]
            if future.status == "error":
                failures.append(Failure(point.name, "results", type(future.exception()).__name__))
            else:
                point.keep(future.result())
            console.print(f"{point.name}: {future.status}, {count} of {len(todo)}", highlight=False)
    return failures


def _together(todo: Sequence[Point], parameters: Sequence[Parameters]) -> pd.DataFrame:
    names = [name for name in Parameters.model_fields if not name.endswith("_folder")]
    varying = [name for name in names if len({repr(getattr(one, name)) for one in parameters}) > 1]
    several = len({one.cohort_folder for one in parameters}) > 1
    read = [(point.parameters, point.frame()) for point in todo if point.finished() is not None]
    named = {one.cohort_folder: str(frame["cohort"].iloc[0]) for one, frame in read if len(frame)}
    called = _each_its_own(named)
    frames = []
    for one, frame in read:
        frame = frame.drop(columns="cohort")
        for name in reversed(varying):
            frame.insert(0, name, [getattr(one, name)] * len(frame))
        if several:
            frame.insert(0, "cohort", called.get(one.cohort_folder, ""))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["id", "value"])


def _each_its_own(named: Mapping[str, str]) -> dict[str, str]:
    """Number the cohorts whose names are the same, in their order; a folder's own name may say too much.

    Examples
    --------
    >>> _each_its_own({"one": "imported", "other": "imported", "third": "bmt"})
    {'one': 'imported (1)', 'other': 'imported (2)', 'third': 'bmt'}
    """
    names = list(named.values())
    same = {name: itertools.count(1) for name in names if names.count(name) > 1}
    return {folder: f"{name} ({next(same[name])})" if name in same else name for folder, name in named.items()}


def side_by_side(found: pd.DataFrame) -> pd.DataFrame:
    """Set a sweep's numbers side by side: a row per id, a column per setting.

    Examples
    --------
    >>> side_by_side(pd.DataFrame({"gc_cutoff": [5, 8], "id": "a.hr", "value": [0.5, 0.4]}))
         id  gc_cutoff 5  gc_cutoff 8
    0  a.hr          0.5          0.4
    """
    table = found.assign(setting=_labels(found)).drop_duplicates(["id", "setting"])
    order = list(dict.fromkeys(table["setting"]))
    wide = table.set_index(["id", "setting"])["value"].unstack().reindex(dict.fromkeys(found["id"]))[order]  # noqa: PD010
    return wide.reset_index().rename_axis(None, axis=1)


def _labels(found: pd.DataFrame) -> list[str]:
    names = list(found.columns[: list(found.columns).index("id")])
    rows = found[names].astype(str).to_numpy()
    return [", ".join(f"{name} {value}" for name, value in zip(names, row, strict=True)) or "as is" for row in rows]


def draw_sweep(found: pd.DataFrame, path: Path) -> Path:
    """Draw the numbers of a sweep, a panel per id (the first twelve that have values), hazard ratios with their limits."""
    table = side_by_side(found).set_index("id")
    drawn = [id for id in table.index if not re.search(r"\.(ci_low|ci_high)$", id) and table.loc[id].notna().any()]
    drawn = drawn[:MOST_PANELS]
    settings = list(table.columns)
    height = max(1.2, 0.22 * len(settings) + 0.7)
    fig = Figure(figsize=(8, height * max(1, len(drawn)) + 0.4), layout="constrained")
    axes = fig.subplots(max(1, len(drawn)), 1, squeeze=False)[:, 0]
    for ax, id in zip(axes, drawn, strict=False):
        stem = id.rpartition(".")[0]
        ends = [f"{stem}.{end}" for end in ("ci_low", "ci_high")]
        if id.endswith(".hr"):
            ax.set_xscale("log")
            ax.axvline(1, color="0.7", lw=0.8)
            if set(ends) <= set(table.index):
                ax.hlines(range(len(settings)), table.loc[ends[0]], table.loc[ends[1]], color="0.3")
        ax.plot(table.loc[id], range(len(settings)), "o", color="black", ms=4)
        ax.set_yticks(range(len(settings)), settings, fontsize=7, parse_math=False)
        ax.invert_yaxis()
        ax.set_title(id, fontsize=8, loc="left", parse_math=False)
    if (found.get("synthetic") == "true").any():
        fig.supxlabel("Synthetic cohort: no real patients", fontsize=7, color="0.35", x=0.99, ha="right")
    with atomic_writing(path, "wb") as handle:
        fig.savefig(handle, format="png", dpi=110, metadata={"Software": None})
    return path
