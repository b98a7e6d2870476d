"""The report's pictures: drawn in the page itself, with their figures in words beside them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT, FOOT, HEAD = 400, 150, 22, 16
WIDEST = 60  # of a column


def histogram(counts: Sequence[int], labels: Sequence[str], title: str) -> str:
    """Columns with their counts on top and labels below; `title` says in words what it shows."""
    most, step = max(*counts, 1), min(WIDTH / len(counts), WIDEST)
    parts = []
    for n, (count, label) in enumerate(zip(counts, labels, strict=True)):
        tall = (HEIGHT - FOOT - HEAD) * count / most
        left, top, middle = n * step + 2, HEIGHT - FOOT - tall, (n + 0.5) * step
        parts.append(
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{step - 4:.1f}" height="{tall:.1f}" rx="2"/>'
            f'<text x="{middle:.1f}" y="{HEIGHT - 6}">{escape(label)}</text>'
        )
        if count:
            parts.append(f'<text x="{middle:.1f}" y="{top - 4:.1f}" class="count">{count}</text>')
    line = f'<line x1="0" y1="{HEIGHT - FOOT}" x2="{WIDTH}" y2="{HEIGHT - FOOT}"/>'
    said = escape(title + ": " + "; ".join(f"{x}: {n}" for x, n in zip(labels, counts, strict=True)))
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">{line}{"".join(parts)}'
        f"</svg><figcaption>{escape(title)}</figcaption></figure>"
    )


STYLE = """
figure { margin: .6rem 0; max-width: 34rem; }
svg { width: 100%; height: auto; display: block; }
svg rect { fill: var(--bar); }
svg line { stroke: var(--line); }
svg text { fill: var(--soft); font-size: 11px; text-anchor: middle; }
svg text.count { fill: var(--ink); font-weight: 600; }
"""
