"""Credentials: rules, ledger, Open Badges, certificate, verification."""
