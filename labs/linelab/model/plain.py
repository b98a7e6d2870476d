"""A description as plain data that YAML and JSON can hold, back again, and the schema of such data.

One reader for all descriptions: it goes by the types of their fields, so that a new field needs no code here.
A field at its default is left out. A union of descriptions is told apart by ``kind``. A table, a tuple of
pairs in Python, is a mapping in the data.
"""

from __future__ import annotations

import types
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from linelab.distributions import KINDS, Distribution, distribution_from


def to_plain(value: Any) -> Any:
    """Plain data of a description."""
    if isinstance(value, Distribution):
        return value.to_dict()
    if is_dataclass(value) and not isinstance(value, type):
        kind = {"kind": value.kind} if hasattr(value, "kind") else {}
        hints = _hints(type(value))
        data = {}
        for f in fields(value):
            given = getattr(value, f.name)
            if given != f.default:
                data[f.name] = (
                    {key: to_plain(v) for key, v in given} if _table(hints[f.name]) else to_plain(given)
                )
        return kind | data
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    return value


def from_plain(hint: Any, data: Any, path: str, found: list[str]) -> Any:
    """Build what `hint` says from plain data; what is wrong is appended to `found`, and None returned."""
    if hint is Distribution:
        return distribution_from(data, path, found)
    options = [option for option in _options(hint) if option is not type(None)]
    if data is None and len(options) < len(_options(hint)):
        return None
    if len(options) > 1:
        return _one_of(options, data, path, found)
    (hint,) = options
    if _table(hint):
        return _read_table(hint, data, path, found)
    if get_origin(hint) is tuple:
        if not isinstance(data, (list, tuple)):
            found.append(f"{path}: {data!r} must be a list")
            return None
        return tuple(from_plain(get_args(hint)[0], d, f"{path}[{i}]", found) for i, d in enumerate(data))
    if is_dataclass(hint) and isinstance(hint, type):
        return _describe(hint, data, path, found)
    if hint is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if type(data) is not hint:
        found.append(f"{path}: {data!r} must be {_WORDS[hint]}")
        return None
    return data


def schema_of(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the plain data of `hint`; descriptions in it go to `definitions`."""
    options = [option for option in _options(hint) if option is not type(None)]
    if len(options) > 1:
        return {"oneOf": [schema_of(option, definitions) for option in options]}
    (hint,) = options
    if _table(hint):
        return {"type": "object", "additionalProperties": schema_of(_value_of(hint), definitions)}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": schema_of(get_args(hint)[0], definitions)}
    if not is_dataclass(hint):
        return {"type": _JSON[hint]}
    assert isinstance(hint, type)
    if hint.__name__ not in definitions:
        definitions[hint.__name__] = {}  # a feeder holds a line: the name must be known before its fields
        definitions[hint.__name__] = _schema_of_fields(hint, definitions)
    return {"$ref": f"#/$defs/{hint.__name__}"}


def _schema_of_fields(cls: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    kind = {"kind": {"const": cls.kind}} if hasattr(cls, "kind") else {}
    hints = _hints(cls)
    made: dict[str, Any] = {
        "type": "object",
        "description": (cls.__doc__ or "").split("\n")[0],
        "properties": kind | {f.name: schema_of(hints[f.name], definitions) for f in fields(cls)},
        "required": [*kind, *(f.name for f in fields(cls) if f.default is MISSING)],
        "additionalProperties": False,
    }
    short = getattr(cls, "short", None)
    return {"oneOf": [made["properties"][short], made]} if short else made


def distribution_schema() -> dict[str, Any]:
    """JSON Schema of a time: a number of seconds, or a distribution with its parameters."""
    options: list[dict[str, Any]] = [{"type": "number", "minimum": 0}]
    for name, cls in KINDS.items():
        numbers = {f.name: _number(get_type_hints(cls)[f.name]) for f in fields(cls)}
        options.append(
            {
                "type": "object",
                "description": (cls.__doc__ or "").split("\n")[0],
                "properties": {"distribution": {"const": name}} | numbers,
                "required": ["distribution", *numbers],
                "additionalProperties": False,
            }
        )
    return {"oneOf": options}


_WORDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
_JSON = {int: "integer", float: "number", str: "string", bool: "boolean"}


def _number(hint: Any) -> dict[str, Any]:
    number = {"type": "number", "minimum": 0}
    return {"type": "array", "items": number, "minItems": 1} if get_origin(hint) is tuple else number


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _options(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _table(hint: Any) -> bool:
    """Whether a hint is a tuple of pairs (name, value)."""
    inner = get_args(hint)[:1] if get_origin(hint) is tuple else ()
    return bool(inner) and get_origin(inner[0]) is tuple and get_args(inner[0])[0] is str


def _value_of(table: Any) -> Any:
    return get_args(get_args(table)[0])[1]


def _read_table(hint: Any, data: Any, path: str, found: list[str]) -> Any:
    if not isinstance(data, dict):
        found.append(f"{path}: {data!r} must be a mapping from names")
        return None
    value = _value_of(hint)
    return tuple((str(key), from_plain(value, d, f"{path}.{key}", found)) for key, d in data.items())


def _one_of(options: list[Any], data: Any, path: str, found: list[str]) -> Any:
    kinds = {option.kind: option for option in options}
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind not in kinds:
        found.append(f"{path}: needs `kind:` with one of {', '.join(kinds)}")
        return None
    return _describe(kinds[kind], {k: v for k, v in data.items() if k != "kind"}, path, found)


def _describe(cls: Any, data: Any, path: str, found: list[str]) -> Any:
    short = getattr(cls, "short", None)
    if short and not isinstance(data, dict):
        data = {short: data}
    if not isinstance(data, dict):
        found.append(f"{path}: {data!r} must be a mapping with {', '.join(f.name for f in fields(cls))}")
        return None
    hints, before = _hints(cls), len(found)
    known = [f.name for f in fields(cls)]
    for name in data:
        if name not in known:
            found.append(f"{path}.{name}: unknown field; allowed are {', '.join(known)}")
    values = {}
    for f in fields(cls):
        if f.name in data:
            values[f.name] = from_plain(hints[f.name], data[f.name], f"{path}.{f.name}", found)
        elif f.default is MISSING:
            found.append(f"{path}.{f.name}: missing; give it")
    return cls(**values) if len(found) == before else None
