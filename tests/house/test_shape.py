"""Files and functions stay small enough to be read in one go."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.rig.project import local_name, python_files

FILE_LINES = 400
FUNCTION_LINES = 60
POSITIONAL = 5
ROUTES = {"get", "post", "put", "patch", "delete", "route"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _lines(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _is_route(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Name) and called.id in ROUTES


def _positional(node: Function) -> int:
    if any(_is_route(each) for each in node.decorator_list):
        return 0  # the framework hands a route its arguments by name
    names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def test_files_are_short() -> None:
    lengths = {
        local_name(path): path.read_text().count("\n")
        for path in python_files("src", "tests", "bench", "scripts")
    }
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def test_functions_are_short() -> None:
    long = {
        f"{local_name(path)}:{node.lineno} {node.name}": _lines(node)
        for path in python_files("src", "tests", "bench")
        for node in _functions(path)
        if _lines(node) > FUNCTION_LINES
    }
    assert long == {}


def test_few_parameters_are_told_apart_by_place() -> None:
    many = {
        f"{local_name(path)}:{node.lineno} {node.name}": _positional(node)
        for path in python_files("src")
        for node in _functions(path)
        if _positional(node) > POSITIONAL
    }
    assert many == {}
