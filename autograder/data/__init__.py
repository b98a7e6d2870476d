"""Personal data of trainees: consent, what is held, a copy of it, its erasure, and how long it is kept."""
