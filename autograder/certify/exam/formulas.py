"""What an item may compute: arithmetic on its parameters and the formulas of the field, nothing else.

A bank file may come from anywhere, so its expressions are read as a tree of which each node is known; no text
is ever evaluated as Python.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from functools import cache

from linelab.estimate import student_quantile
from linelab.theory import EffectiveTime, PennyFab, availability, littles_law, takt_time, with_outages

LONGEST = 400  # characters of an expression
MOST = 1e12  # no figure of a factory is beyond


class FormulaError(ValueError):
    """An expression that cannot be read or has no value."""


def _little(wanted: str) -> Callable[..., float]:
    names = [name for name in ("wip", "throughput", "flow_time") if name != wanted]
    return lambda first, second: getattr(littles_law(**{names[0]: first, names[1]: second}), wanted)


def _effective_time(mean: float, mtbf: float, mttr: float) -> float:
    return with_outages(EffectiveTime(mean, 0.0), mtbf, mttr).mean


def _case(name: str, figure: str) -> Callable[..., float]:
    """A figure of a line in one of the three cases, from r_b, T_0 and WIP."""
    return lambda rate, content, wip: getattr(getattr(PennyFab(rate, content), name)(wip), figure)


def _mean(*values: float) -> float:
    return math.fsum(values) / len(values)


def _deviation(*values: float) -> float:
    """Sample standard deviation, with n - 1."""
    mean = _mean(*values)
    return math.sqrt(math.fsum((x - mean) ** 2 for x in values) / (len(values) - 1))


def _t(count: float) -> float:
    """Student's quantile for a 95 % interval of so many values."""
    return student_quantile(0.975, round(count) - 1)


FORMULAS: dict[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "sqrt": math.sqrt,
    "ceil": math.ceil,
    "floor": math.floor,
    "mean": _mean,
    "deviation": _deviation,
    "t": _t,
    "takt": takt_time,  # (working time, demand)
    "availability": availability,  # (MTBF, MTTR)
    "effective_time": _effective_time,  # (t_0, MTBF, MTTR)
    "little_wip": _little("wip"),  # (TH, CT)
    "little_throughput": _little("throughput"),  # (WIP, CT)
    "little_flow_time": _little("flow_time"),  # (WIP, TH)
    "best_throughput": _case("best_case", "throughput"),  # (r_b, T_0, WIP), and so for all of these
    "best_flow_time": _case("best_case", "flow_time"),
    "worst_throughput": _case("worst_case", "throughput"),
    "worst_flow_time": _case("worst_case", "flow_time"),
    "pwc_throughput": _case("practical_worst_case", "throughput"),
    "pwc_flow_time": _case("practical_worst_case", "flow_time"),
}

_BINARY: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: math.pow, ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt,
    ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip


def value(expression: str | float, names: Mapping[str, float]) -> float:
    """Return the value of an expression; a comparison gives 1 or 0.

    Parameters
    ----------
    expression
        Numbers, names, ``+ - * / **``, comparisons, ``and``, ``or``, ``not`` and calls of `FORMULAS`.
    names
        What names stand for.

    Raises
    ------
    FormulaError
        With the expression and what is wrong with it.
    """
    try:
        found = float(_value(_tree(str(expression)), names))
    except (ArithmeticError, ValueError, TypeError) as error:
        raise FormulaError(f"{str(expression)[:60]!r}: {error}") from None
    if not abs(found) <= MOST:
        raise FormulaError(f"{str(expression)[:60]!r}: gives {found:g}, which no figure here can be")
    return found


@cache
def _tree(expression: str) -> ast.expr:
    if len(expression) > LONGEST:
        raise ValueError(f"is over {LONGEST} characters")
    try:
        return ast.parse(expression, mode="eval").body
    except (SyntaxError, MemoryError, RecursionError):
        raise ValueError("is no formula") from None


def _value(node: ast.expr, names: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.Name(id=name) if name in names:
            return float(names[name])
        case ast.Name(id=name):
            raise ValueError(f"{name} is none of the item's names")
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](_value(left, names), _value(right, names))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, names)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return float(not _value(operand, names))
        case ast.BoolOp(op=op, values=parts):
            found = [bool(_value(part, names)) for part in parts]
            return float(all(found) if isinstance(op, ast.And) else any(found))
        case ast.Compare(left=left, ops=ops, comparators=rest) if all(type(op) in _BINARY for op in ops):
            values = [_value(part, names) for part in (left, *rest)]
            return float(all(_BINARY[type(op)](values[i], values[i + 1]) for i, op in enumerate(ops)))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FORMULAS:
            return float(FORMULAS[name](*(_value(arg, names) for arg in args)))
        case ast.Call(func=ast.Name(id=name)):
            raise ValueError(f"{name} is no formula; there are {', '.join(FORMULAS)}")
    raise ValueError("holds more than arithmetic and formulas")
