"""Intake, sandboxed execution, judging, feedback and certification of a cohort."""
