"""Exams: items that are templates, forms drawn from them by seed, sittings, and how notebooks are marked.

Data flow one way: `formulas` → `bank` (items and blueprint, checked) → `items` (one item drawn) → `form` (a
paper that meets the blueprint) or `case` (the simulation case drawn) → `paper` (what is judged, as data) →
`notebook` (what is handed out) → `sitting` (the folder and the ledger) → `taking` and `judging`.
"""
