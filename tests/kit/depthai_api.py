"""Fakes that refuse what the installed depthai does not have: names, signatures, attributes.

depthai is a compiled package without signatures to inspect, but its docstrings begin with them.
"""

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any

_HEAD = re.compile(r"^(?:\d+\. )?(\w+)\((.*)\) -> .+$")


def signatures(real: Any) -> list[inspect.Signature]:
    """Return the overloads of a function of depthai, `self` left out."""
    found = []
    for line in (real.__doc__ or "").splitlines():
        head = _HEAD.match(line.strip())
        if head and head[1] == real.__name__ and head[2] != "*args, **kwargs":
            parts = [part for part in _split(head[2]) if not part.startswith("self:")]
            found.append(inspect.Signature([_parameter(part) for part in parts]))
    return found


def _split(text: str) -> list[str]:
    """Return the parameters of a signature; commas in brackets do not part them."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "[(<") - (letter in "])>")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def _parameter(text: str) -> inspect.Parameter:
    name = text.partition(":")[0].partition("=")[0].strip()
    kinds = inspect.Parameter
    if name.startswith("**"):
        return kinds(name[2:], kinds.VAR_KEYWORD)
    if name.startswith("*"):
        return kinds(name[1:], kinds.VAR_POSITIONAL)
    default = None if "=" in text else kinds.empty
    return kinds(name, kinds.POSITIONAL_OR_KEYWORD, default=default)


def check_call(real: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Fail if no overload of a function takes these arguments."""
    offered = signatures(real)
    for each in offered:
        try:
            each.bind(*args, **kwargs)
            return
        except TypeError:
            continue
    if offered:
        raise AssertionError(f"depthai has no {real.__name__}{args}{kwargs}, only {offered}")


def plays(real: type, *own: str) -> Callable[[type], type]:
    """Return a decorator for a fake of a class of depthai; `own` are names for the tests.

    Every other public name of the fake must exist on the real class, and calls must fit.
    """

    def decorate(fake: type) -> type:
        for name, value in list(vars(fake).items()):
            if name.startswith("_") or name in own:
                continue
            assert hasattr(real, name), f"{real.__name__} of depthai has no {name}"
            if inspect.isfunction(value):
                setattr(fake, name, _checked(value, getattr(real, name)))
        made: Callable[..., None] = vars(fake).get("__init__", object.__init__)

        @functools.wraps(made)
        def checked_init(self: Any, *args: Any, **kwargs: Any) -> None:
            made(self, *args, **kwargs)
            for name in vars(self):
                is_known = name.startswith("_") or name in own or hasattr(real, name)
                assert is_known, f"{real.__name__} of depthai has no {name}"

        fake.__init__ = checked_init  # type: ignore[misc]  # a decorator of classes does that
        return fake

    return decorate


def _checked(fake: Callable[..., Any], real: Any) -> Callable[..., Any]:
    @functools.wraps(fake)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        check_call(real, args, kwargs)
        return fake(self, *args, **kwargs)

    return call
