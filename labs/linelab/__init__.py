"""Production-line simulation for learning."""
