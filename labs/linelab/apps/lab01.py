"""Week 1: read the colour-box packaging line; smaller transfer lots and FIFO lanes."""

from linelab.widgets.lab import Lab

LAB = Lab("lab01", "w01", predict="lead_time")
