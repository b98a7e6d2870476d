"""ipywidgets panels; they show what experiments say and hold no mathematics."""

from linelab.widgets.panel import LabPanel

__all__ = ["LabPanel"]
