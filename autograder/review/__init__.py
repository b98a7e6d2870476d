"""People mark free texts here: what waits, blind names, second marks, and how well graders agree."""

from autograder.review.answers import Answer, reviewed
from autograder.review.graders import Agreement, agreement

__all__ = ["Agreement", "Answer", "agreement", "reviewed"]
