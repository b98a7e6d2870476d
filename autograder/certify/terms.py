"""Make sure that the JSON people read and the statements that are signed are the same thing.

A Data Integrity signature covers the RDF statements a document expands to. Whatever no context defines
expands to nothing: ``"grade": "A+"`` added to a signed badge leaves the signature intact. So a document
is accepted only if it names pinned contexts alone, spells everything in their plain terms, and comes
back unchanged from expansion and compaction.
"""

from __future__ import annotations

import re
from typing import Any

from pyld import jsonld

from autograder.certify import contexts

PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*")
MAX_DEPTH = 20


def problem(document: dict[str, Any]) -> str | None:
    """Return what is wrong with the terms of an unsigned document or proof, or None."""
    named = document.get("@context")
    listed = [named] if isinstance(named, str) else named
    if not isinstance(listed, list) or not listed or listed[0] != contexts.V2:
        return "@context"
    if any(not isinstance(url, str) or url not in contexts.PINS for url in listed) or len(set(listed)) < len(
        listed
    ):
        return "@context"
    body = {key: value for key, value in document.items() if key != "@context"}
    spelled = _spelling(body, "", 0)
    if spelled:
        return spelled
    try:
        options = {"documentLoader": contexts.loader()}
        returned = jsonld.compact(jsonld.expand(document, options), named, options)
    except (jsonld.JsonLdError, ValueError, RecursionError) as error:
        return str(getattr(error, "code", None) or "JSON-LD")
    return _difference(_folded(body), _folded({k: v for k, v in returned.items() if k != "@context"}), "")


def canonical(document: dict[str, Any]) -> bytes:
    """Return the RDFC-1.0 canonical N-Quads of a document."""
    options = {"documentLoader": contexts.loader(), "algorithm": "URDNA2015", "format": "application/n-quads"}
    return str(jsonld.normalize(document, options)).encode("utf-8")


def _spelling(value: Any, path: str, depth: int) -> str | None:
    """Return the path of the first key or type that is not a plain term, or of an empty or nested list."""
    if depth > MAX_DEPTH or value is None:
        return path or "null"
    if isinstance(value, dict):
        for key, inner in value.items():
            here = f"{path}.{key}" if path else key or "empty key"
            if not PLAIN.fullmatch(key):
                return here
            if key == "type":
                types = inner if isinstance(inner, list) else [inner]
                if not all(isinstance(name, str) and PLAIN.fullmatch(name) for name in types):
                    return here
            found = _spelling(inner, here, depth + 1)
            if found:
                return found
    if isinstance(value, list):
        if not value or any(isinstance(inner, list) for inner in value):
            return path
        for inner in value:
            found = _spelling(inner, path, depth + 1)
            if found:
                return found
    return None


def _folded(value: Any) -> Any:
    # JSON-LD takes a list of one and its element, and a lone {"id": X} and X, for the same thing.
    if isinstance(value, list):
        folded = [_folded(inner) for inner in value]
        return folded[0] if len(folded) == 1 else folded
    if isinstance(value, dict):
        if set(value) == {"id"}:
            return value["id"]
        return {key: _folded(inner) for key, inner in value.items()}
    return value


def _difference(ours: Any, theirs: Any, path: str) -> str | None:
    if type(ours) is not type(theirs):
        return path or "document"
    if isinstance(ours, dict):
        for key in [*ours, *theirs]:
            here = f"{path}.{key}" if path else key or "empty key"
            if key not in ours or key not in theirs:
                return here
            found = _difference(ours[key], theirs[key], here)
            if found:
                return found
        return None
    if isinstance(ours, list):
        if len(ours) != len(theirs):
            return path
        return next((d for a, b in zip(ours, theirs, strict=True) if (d := _difference(a, b, path))), None)
    return None if ours == theirs else path or "document"
