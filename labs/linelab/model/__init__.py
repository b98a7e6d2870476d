"""A production line as data. It only describes: it knows no engine and no picture.

station  what stands on the floor: stations, their outages, setups, quality and power
flow     what moves and who decides: buffers, release, control, products, operators, vehicles, demand
line     the line that they make up, its faults, and changes by path
plain    any of them as plain data for YAML, and the JSON Schema that such data must meet
"""

from linelab.model.faults import LineError
from linelab.model.flow import (
    Arrivals,
    Buffer,
    Conwip,
    Demand,
    DrumBufferRope,
    Kanban,
    Mix,
    Operators,
    Product,
    Push,
    Saturated,
    Schedule,
    Vehicles,
)
from linelab.model.line import Feeder, Line
from linelab.model.station import (
    Changeover,
    Failures,
    Inspection,
    Maintenance,
    Power,
    Quality,
    Shift,
    Station,
)

__all__ = [
    "Arrivals",
    "Buffer",
    "Changeover",
    "Conwip",
    "Demand",
    "DrumBufferRope",
    "Failures",
    "Feeder",
    "Inspection",
    "Kanban",
    "Line",
    "LineError",
    "Maintenance",
    "Mix",
    "Operators",
    "Power",
    "Product",
    "Push",
    "Quality",
    "Saturated",
    "Schedule",
    "Shift",
    "Station",
    "Vehicles",
]
