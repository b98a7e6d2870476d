"""Exams: items that are templates, forms drawn from them by seed, sittings, and how notebooks are marked.

Imports go one way: `formulas` → `template` → `kinds` → `question` (one item drawn, and what an answer to it
gets) → `bank` → `form` (questions that meet the blueprint) and `case` (the simulation case) → `paper` (all
that is judged, as data) → `notebook` (what is handed out) → `sitting` → `taking` → `results` → `account`.
"""
