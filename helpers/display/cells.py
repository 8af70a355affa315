"""A cell that asks for what the cohort lacks says so in one sentence; cells that build on it are left out, others run.

A notebook is read from top to bottom, but no cell needs all that stands above it. So when a cell ends in
:class:`~helpers.problems.NotAvailable`, its sentence is printed in the place of an error, and the names that it would have set
are remembered. A later cell that uses one of them prints the sentence again and does not run; every other cell does.
Nothing else is caught: any other error stops the notebook as ever.
"""

from __future__ import annotations

import ast
import symtable
import sys
from collections.abc import Iterator, MutableMapping
from typing import Any

from IPython import get_ipython

from helpers.problems import NotAvailable

LEFT_OUT = "Not shown:"
GUARD = "_cells"


def names_used(source: str) -> tuple[set[str], set[str]]:
    """Tell which names a cell takes from the cells above it, and which it sets or changes.

    Examples
    --------
    >>> used, changed = names_used("a = b + sum(c for c in d)\\ne['x'] = 1\\nfor f in g:\\n    f.sort()")
    >>> sorted(used), sorted(changed)
    (['b', 'd', 'e', 'g', 'sum'], ['a', 'e', 'f'])
    """
    top = symtable.symtable(ast.unparse(_WithGenerators().visit(ast.parse(source))), "cell", "exec")
    assigned = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    read = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()} | set(_read_within(top))
    body = ast.parse(source).body
    parts = [node for node in ast.walk(ast.Module(body, [])) if isinstance(node, ast.Subscript | ast.Attribute)]
    changed = {_base(node) for node in parts if isinstance(node.ctx, ast.Store)} - {""}
    return read - _set_before_read(body, assigned), assigned | changed


class _WithGenerators(ast.NodeTransformer):
    """Writes every comprehension as a generator: from Python 3.12 on the names of the others count among the cell's own (PEP 709)."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, ast.ListComp | ast.SetComp):
            return ast.GeneratorExp(node.elt, node.generators)
        if isinstance(node, ast.DictComp):
            return ast.GeneratorExp(ast.Tuple([node.key, node.value], ast.Load()), node.generators)
        return node


def _read_within(table: symtable.SymbolTable) -> Iterator[str]:
    """List the names of the notebook that functions and comprehensions of a cell read."""
    for child in table.get_children():
        yield from (symbol.get_name() for symbol in child.get_symbols() if symbol.is_global())
        yield from _read_within(child)


def _base(node: ast.AST) -> str:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _set_before_read(body: list[ast.stmt], assigned: set[str]) -> set[str]:
    """Keep of the names that a cell sets those that it sets before it reads them, going down its lines."""
    own: set[str] = set()
    read: set[str] = set()
    for part in _in_order(body):
        names = [node for node in ast.walk(part) if isinstance(node, ast.Name)]
        read |= {node.id for node in names if isinstance(node.ctx, ast.Load)} - own
        stored = {node.id for node in names if isinstance(node.ctx, ast.Store)} & assigned
        own |= (stored | _named(part)) - read
    return own


def _named(node: ast.AST) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(name.asname or name.name).split(".")[0] for name in node.names}
    return set()


def _in_order(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Give the statements of a cell, of a block its heading first and then its lines."""
    for statement in body:
        inner = [part for name in ("body", "handlers", "orelse", "finalbody") for part in getattr(statement, name, [])]
        if not inner or isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield statement
            continue
        yield from (getattr(statement, name) for name in ("iter", "test") if hasattr(statement, name))
        yield from (getattr(statement, name) for name in ("target",) if hasattr(statement, name))
        yield from getattr(statement, "items", [])
        yield from _in_order(inner)


class Cells(ast.NodeTransformer):
    """Runs each cell so that what is not available is said, and what builds on it left out.

    Parameters
    ----------
    names : mutable mapping
        The notebook's ``globals()``.
    """

    def __init__(self, names: MutableMapping[str, Any]):
        self.names = names
        self.lost: dict[str, str] = {}
        self.changes: set[str] = set()

    def visit_Module(self, module: ast.Module) -> ast.Module:
        """Wrap a cell: called by IPython between reading and running it."""
        used, self.changes = names_used(ast.unparse(module))
        if "open_page" in used:
            self.lost.clear()
        gone = sorted(used & set(self.lost))
        if gone:
            return self._told(module, self.lost[gone[0]])
        for name in self.changes:
            self.lost.pop(name, None)
        return self._guarded(module)

    def not_available(self, why: str) -> None:
        """Print why a cell is not shown, drop the figure that it had begun, and forget the names that it would have set."""
        print(f"{LEFT_OUT} {why}.")
        if (plots := sys.modules.get("matplotlib.pyplot")) is not None:
            plots.close("all")  # else the empty axes are shown at the end of the cell
        for name in self.changes:
            self.lost[name] = why
            self.names.pop(name, None)

    def _told(self, module: ast.Module, why: str) -> ast.Module:
        call = ast.parse(f"{GUARD}.not_available({why!r})").body
        return ast.fix_missing_locations(ast.Module(call, module.type_ignores))

    def _guarded(self, module: ast.Module) -> ast.Module:
        """Put the cell into ``try: ... except NotAvailable``; its last value is shown as ever."""
        body = list(module.body)
        if not body:
            return module
        if isinstance(body[-1], ast.Expr):
            shown = ast.parse("__import__('sys').displayhook(0)").body[0]
            shown.value.args = [body[-1].value]
            body[-1] = ast.copy_location(shown, body[-1])
        caught = ast.parse(
            f"try:\n    pass\nexcept {GUARD}.absent as _absent:\n    {GUARD}.not_available(str(_absent))"
        ).body[0]
        caught.body = body
        return ast.fix_missing_locations(ast.Module([caught], module.type_ignores))

    absent = NotAvailable


def stand_alone(names: MutableMapping[str, Any]) -> None:
    """Let the cells of the notebook whose ``globals()`` are *names* stand or fall alone; elsewhere do nothing."""
    shell = get_ipython()
    if shell is None or names is not shell.user_ns:
        return
    for old in [one for one in shell.ast_transformers if isinstance(one, Cells)]:
        shell.ast_transformers.remove(old)
    names[GUARD] = cells = Cells(names)
    shell.ast_transformers.append(cells)
