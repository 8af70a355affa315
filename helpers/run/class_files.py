"""The files of ``supplement teach exercises``: in the project's own folder anew, in another only beside what is there."""

from __future__ import annotations

import shutil
from pathlib import Path

from helpers.run.files import place_tree, refuse_foreign_files
from helpers.run.folders import working_folder
from helpers.teaching import build

COMMAND = "teach exercises"
MADE = ("data", "student", "teacher", "sheet")  # and src, which is copied once and is then the teacher's own


def write_exercises(out: Path, *, seed: int) -> list[Path]:
    """Make the exercises of a class in *out*; the sources there, if there are any, are read and stay.

    Raises
    ------
    InputError
        Before anything is made: naming the files of *out* that stand in the way and that no earlier call wrote, or that were
        changed since.
    """
    if out == build.FOLDER.resolve():
        return build.build(out, seed=seed)
    known = [
        path.relative_to(build.FOLDER) for name in MADE for path in (build.FOLDER / name).rglob("*") if path.is_file()
    ]
    refuse_foreign_files([out / name for name in known if "__pycache__" not in name.parts], COMMAND, out)
    with working_folder(out) as part:
        made = part / "made"
        if (out / "src").is_dir():
            shutil.copytree(out / "src", made / "src")
        build.build(made, seed=seed)
        (made / "src").rename(part / "src")
        files = place_tree(made, out, COMMAND)
        if not (out / "src").exists():
            shutil.copytree(part / "src", out / "src")
        return files
