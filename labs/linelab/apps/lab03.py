"""Week 3: a model as received: correct it until it agrees with the plant, then test a vendor's promise."""

from linelab.widgets.lab import Lab

LAB = Lab("lab03", "w03", predict="throughput", goal="throughput")
