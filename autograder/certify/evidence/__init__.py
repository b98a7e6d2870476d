"""Evidence of on-site projects: what a folder must hold, what its data say, where it is kept.

A folder goes this way: its sheet (`sheet`), its data (`series`) and its documents (`documents`) are read;
before and after are compared (`findings`, with the statistics in `interrupted`); all of it is put together
(`folder`), copied into the cohort with a digest for the ledger (`keep`), and made into a page for those who
sign off (`page`).
"""
