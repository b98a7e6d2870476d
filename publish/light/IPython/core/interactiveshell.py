"""A class that ipywidgets asks about."""

from __future__ import annotations


class InteractiveShell:
    """No shell was ever started."""

    @staticmethod
    def initialized() -> bool:
        """No."""
        return False
