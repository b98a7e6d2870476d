"""Builds the two-language site, its browser runtime and the exercises that it publishes."""
