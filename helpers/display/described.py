"""A figure in one line of words, for readers who do not see it, and a fingerprint of the numbers that it draws."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.category import StrCategoryLocator
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.ticker import FixedLocator


def figure_description(fig: Figure) -> str:
    """Say what a figure draws: its panels with their legends, and its axes.

    The texts are those of the figure, so that the words cannot say anything else than the picture. Of a figure without
    titles and axes (a flow chart) they are the texts that it is made of.

    Parameters
    ----------
    fig : Figure
        Complete.

    Returns
    -------
    str

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> fig, ax = plt.subplots()
    >>> _ = ax.plot([0, 1], [100, 80], label="GC, n = 61")
    >>> _ = ax.set(title="PFS", xlabel="Years", ylabel="PFS (%)"), ax.legend()
    >>> figure_description(fig)
    'Figure. Panel: PFS (GC, n = 61). Horizontal: Years. Vertical: PFS (%).'
    >>> plt.close(fig)
    """
    axes = [ax for ax in fig.axes if ax.get_visible()]
    parts = {
        "Panel": map(_panel, axes),
        "Horizontal": (ax.get_xlabel() for ax in axes),
        "Vertical": (ax.get_ylabel() for ax in axes),
        "Legend": (key for legend in fig.legends for key in _keys(legend)),
    }
    said = [f"{name}: {'; '.join(texts)}." for name, found in parts.items() if (texts := _once(found))]
    said = said or [f"Text: {'; '.join(_once(text.get_text() for ax in axes for text in ax.texts))}."]
    return " ".join(["Figure.", *said])


def _panel(ax: Axes) -> str:
    title = " ".join(_once(ax.get_title(place) for place in ("left", "center", "right")))
    keys = ", ".join(_keys(ax.get_legend()))
    return f"{title} ({keys})" if title and keys else title or keys


def _keys(legend: Legend | None) -> list[str]:
    return _once(text.get_text() for text in legend.get_texts()) if legend else []


def _once(texts: Iterable[str]) -> list[str]:
    """Drop empty and repeated texts, and breaks of lines."""
    return list(dict.fromkeys(" ".join(text.split()) for text in texts if text.strip()))


def figure_fingerprint(fig: Figure) -> str:
    """Tell one drawing from another by twelve digits: of its numbers, texts, labels of ticks, colours, marks and scales, not of fonts and pixels.

    A stored picture carries it, and so does the text beside the picture; when what is drawn changes and the picture was not
    drawn again, the two differ.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> fig, ax = plt.subplots()
    >>> [line] = ax.plot([0, 1], [100, 80])
    >>> before = figure_fingerprint(fig)
    >>> line.set_ydata([100, 80.01])
    >>> before == figure_fingerprint(fig), len(before)
    (False, 12)
    >>> plt.close(fig)
    """
    digest = hashlib.sha256()
    texts = [text.get_text() for text in fig.texts]
    keys = [key for legend in fig.legends for key in _keys(legend)]
    digest.update("|".join([*texts, *keys]).encode())
    for ax in fig.axes:
        digest.update("|".join(_words(ax)).encode())
        for numbers in _drawn(ax):
            values = np.ma.filled(np.ma.asarray(numbers, dtype=float), np.nan).ravel()
            digest.update(",".join(f"{value:.6g}" for value in values + 0.0).encode())
    return digest.hexdigest()[:12]


def _words(ax: Axes) -> Iterator[str]:
    """List the texts of a panel, and how it looks: scales, labels of ticks, and of each line its colour, dashes and mark."""
    yield from (ax.get_title(place) for place in ("left", "center", "right"))
    yield from (ax.get_xlabel(), ax.get_ylabel(), ax.get_xscale(), ax.get_yscale())
    yield from (text.get_text() for text in ax.texts)
    yield from _keys(ax.get_legend())
    for axis in (ax.xaxis, ax.yaxis):
        if isinstance(
            axis.get_major_locator(), FixedLocator | StrCategoryLocator
        ):  # others choose by the space that there is
            yield from axis.get_major_formatter().format_ticks(axis.get_majorticklocs())
    for table in ax.tables:
        yield from (cell.get_text().get_text() for _, cell in sorted(table.get_celld().items()))
    for line in ax.lines:
        yield f"{to_hex(line.get_color())} {line.get_linestyle()} {line.get_marker()} {line.get_visible()}"
    for patch in ax.patches:
        yield f"{to_hex(patch.get_facecolor(), keep_alpha=True)} {patch.get_visible()}"


def _drawn(ax: Axes) -> Iterator[object]:
    """List the numbers of lines, areas, marks, bars and pictures of a panel, and the colours of areas and marks."""
    for line in ax.lines:
        yield line.get_xydata()
    for collection in ax.collections:
        yield collection.get_offsets()
        yield from (path.vertices for path in collection.get_paths())
        yield from (collection.get_facecolor(), collection.get_edgecolor())
    for patch in ax.patches:
        yield patch.get_patch_transform().transform(patch.get_path().vertices)
    for image in ax.images:
        yield image.get_array()
    yield from (ax.get_xlim(), ax.get_ylim())
