"""Intake: `course collect`, from whatever trainees hand in to attempts on record. Runs nothing."""

from autograder.collect.attempts import Attempt, attempt_files, attempts
from autograder.collect.intake import collect
from autograder.collect.receipts import Receipt

__all__ = ["Attempt", "Receipt", "attempt_files", "attempts", "collect"]
