"""Looks at the built site from outside, with other people's instruments: validity, speed, addresses."""
