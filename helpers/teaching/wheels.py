"""Say whether a folder of wheels holds all that a class's computer will ask for, whatever this computer is."""

from __future__ import annotations

import contextlib
import email
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

MANYLINUX = ("manylinux1", "manylinux2010", "manylinux2014", *(f"manylinux_2_{n}" for n in range(5, 32)))
MACHINES = {  # what Python says there of itself, and the platform tags that pip takes there
    "linux": ("linux", "posix", "Linux", "x86_64", [f"{name}_x86_64" for name in MANYLINUX]),
    "windows": ("win32", "nt", "Windows", "AMD64", ["win_amd64"]),
    "mac": ("darwin", "posix", "Darwin", "arm64", list(mac_platforms((14, 0), "arm64"))),
    "mac-intel": ("darwin", "posix", "Darwin", "x86_64", list(mac_platforms((14, 0), "x86_64"))),
}


def missing(wheels: Path, requirements: Sequence[str], system: str, python: str) -> list[str]:
    """List what an installation from *wheels* alone would not find on another computer.

    pip evaluates the markers of the computer that it runs on, so that what is needed on the other one only is told by nobody else.

    Parameters
    ----------
    wheels : Path
    requirements : sequence of str
        What is installed: ``name==version``.
    system : {"linux", "windows", "mac", "mac-intel"}
    python : str
        Such as ``3.12``.

    Returns
    -------
    list of str
        Packages of which no wheel of the folder will do, sorted; empty if all is there.
    """
    held, environment = _held(wheels, _tags(system, python)), _environment(system, python)
    asked = [Requirement(one) for one in requirements]
    seen: set[tuple[str, frozenset[str]]] = set()
    absent = set()
    while asked:
        one = asked.pop()
        name = canonicalize_name(one.name)
        good = [path for version, path in held.get(name, []) if one.specifier.contains(version, prereleases=True)]
        if not good:
            absent.add(str(name))
        elif (name, frozenset(one.extras)) not in seen:
            seen.add((name, frozenset(one.extras)))
            asked += _needs(good[-1], one.extras, environment)
    return sorted(absent)


def _tags(system: str, python: str) -> set[Tag]:
    major, minor = (int(part) for part in python.split("."))
    platforms = MACHINES[system][4]
    own = cpython_tags((major, minor), platforms=platforms, abis=[f"cp{major}{minor}"])
    return {*own, *compatible_tags((major, minor), f"cp{major}{minor}", platforms)}


def _environment(system: str, python: str) -> dict[str, str]:
    sys_platform, os_name, platform_system, machine, _ = MACHINES[system]
    return {name: str(value) for name, value in default_environment().items()} | {
        "sys_platform": sys_platform, "os_name": os_name, "platform_system": platform_system, "platform_machine": machine,
        "python_version": python, "python_full_version": f"{python}.0", "implementation_name": "cpython",
        "platform_python_implementation": "CPython", "platform_release": "", "platform_version": "",
    }  # fmt: skip


def _held(wheels: Path, tags: set[Tag]) -> dict[str, list[tuple[Version, Path]]]:
    """Return the wheels that can be installed there by name, oldest first."""
    held: dict[str, list[tuple[Version, Path]]] = {}
    for path in wheels.glob("*.whl"):
        with contextlib.suppress(InvalidWheelFilename):
            name, version, _, own = parse_wheel_filename(path.name)
            if own & tags:
                held.setdefault(name, []).append((version, path))
    return {name: sorted(found) for name, found in held.items()}


def _needs(wheel: Path, extras: set[str], environment: dict[str, str]) -> Iterator[Requirement]:
    """Yield what a wheel says it needs there."""
    with zipfile.ZipFile(wheel) as opened:
        name = next(one for one in opened.namelist() if one.endswith(".dist-info/METADATA"))
        said = email.message_from_bytes(opened.read(name)).get_all("Requires-Dist", [])
    for one in map(Requirement, said):
        if one.marker is None or any(one.marker.evaluate(environment | {"extra": extra}) for extra in extras or {""}):
            yield one
