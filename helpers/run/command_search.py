"""The search for synthetic cohorts: calibrate."""

from __future__ import annotations

from pathlib import Path

import click

from helpers.run.commands import FOLDER, command


@command()
@click.option(
    "--seed",
    "seeds",
    type=int,
    multiple=True,
    help="Seed of a search; repeatable. By default that of the default cohort.",
)
@click.option("--out", type=FOLDER, help="Folder of the searches; by default runs/calibrate. What is there is resumed.")
@click.option(
    "--effort", type=click.FloatRange(0.001), default=1.0, show_default=True, help="Factor on the moves and steps made."
)
@click.option(
    "--anew",
    is_flag=True,
    help="Deal the fates of the stored start anew and search every label: longer, and fewer hits.",
)
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Seeds searched at the same time.")
@click.option("--adopt", is_flag=True, help="Make the best state that of the default cohort (data/synthesis).")
def calibrate(seeds: tuple[int, ...], out: Path | None, effort: float, anew: bool, jobs: int, adopt: bool) -> None:
    """Search for a synthetic cohort on which the printed numbers come out.

    Each search keeps what it has reached in OUT/SEED and goes on from there when it is called again.
    """
    from helpers.calibration.calibrate import SEED, adopt_best, calibrate_many
    from helpers.calibration.plan import Plan
    from helpers.paths import RUNS

    seeds, out = seeds or (SEED,), out or RUNS / "calibrate"
    found = calibrate_many(seeds, out, Plan(anew=anew).at(effort), jobs=jobs, say=click.echo)
    for seed, outcome in found.items():
        missed = ", ".join(id for id, hit in outcome.hits.items() if not hit)
        click.echo(
            f"seed {seed}: {sum(outcome.hits.values())} of {len(outcome.hits)} survival statistics; missing: {missed}"
        )
    if adopt:
        click.echo(f"adopted: {adopt_best(found, out)}; now `supplement refresh`")
