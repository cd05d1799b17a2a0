"""Finds the callable behind `module:attribute`, and how it wants to be called."""

import functools
import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from parlour.agents.contract import Question
from parlour.agents.parts import one_line

Target = Callable[..., Any]


class Unusable(Exception):
    """The target cannot be imported or called; the message says why."""


def load(target: str) -> Target:
    """Import a target; Unusable when that fails. Runs the module's code, so call it in a thread."""
    module, _, path = target.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:  # last, so that nothing here stands in for a library
        sys.path.append(here)
    try:
        found: Any = importlib.import_module(module)
    except BaseException as error:  # a module may also exit
        raise Unusable(f"{module} cannot be imported: {described(error)}") from error
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise Unusable(f"there is no {name} in {module}") from None
    if isinstance(found, type) or not callable(found):
        raise Unusable(f"{path} is not a function, nor an instance that can be called")
    try:
        inspect.signature(found).bind(*[None] * (2 if takes_question(found) else 1))
    except TypeError:
        raise Unusable(f"{path} does not take a message, or a message and a question") from None
    except ValueError:  # some callables written in C do not tell
        pass
    return found  # type: ignore[no-any-return] # callable, as was just seen


def described(error: BaseException) -> str:
    """Say in one line what an exception says, whatever its own __str__ does."""
    try:
        told = one_line(str(error))
    except Exception:  # noqa: BLE001 - it is somebody else's code
        told = ""
    return f"{type(error).__name__}: {told}" if told else type(error).__name__


def takes_question(target: Target) -> bool:
    """Tell whether to pass the question beside the text."""
    try:
        parameters = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):
        return False
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    second = [each for each in parameters if each.kind in kinds][1:2]
    return any(each.default is each.empty or each.name == "question" for each in second)


def arguments(target: Target, question: Question) -> tuple[Any, ...]:
    """Return what the target is called with."""
    return (question.text, question) if takes_question(target) else (question.text,)


def is_async(target: Target) -> bool:
    """Tell whether calling it returns at once, to be awaited or iterated on the loop."""
    while isinstance(target, functools.partial):
        target = target.func
    return any(
        inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each)
        for each in (target, getattr(type(target), "__call__", None))  # noqa: B004
    )
