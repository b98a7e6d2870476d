"""Trainee numbers: pseudonyms of eight characters that catch a slip of the finger.

Seven random characters of Crockford's base-32 alphabet and a check character; written K7P2-QD4M. They say
nothing about a person, so that exercises and hand-in files carry no name.
"""

from __future__ import annotations

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8


def check_character(body: str) -> str:
    """Weighted sum over the seven characters, weights 1, 3, 5, … 13 (odd, so that one wrong one shows)."""
    return ALPHABET[sum((2 * i + 1) * ALPHABET.index(c) for i, c in enumerate(body)) % len(ALPHABET)]


def normalise(text: str) -> str:
    """Upper case, without spaces and dashes, with O read as 0 and I, L as 1."""
    kept = "".join(c for c in text.upper() if c not in " -–_\u2011")
    return kept.translate(str.maketrans("OIL", "011"))


def is_trainee_id(text: str) -> bool:
    """Whether this, normalised, is a well-formed trainee number."""
    body = normalise(text)
    if len(body) != LENGTH or any(c not in ALPHABET for c in body):
        return False
    return check_character(body[:-1]) == body[-1]


def new_trainee_id() -> str:
    """A fresh trainee number."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return body + check_character(body)


def written(trainee: str) -> str:
    """The number as people read it: K7P2-QD4M."""
    return f"{trainee[:4]}-{trainee[4:]}"
