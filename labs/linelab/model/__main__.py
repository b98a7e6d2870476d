"""``python -m linelab.model`` writes ``linelab/line.schema.json``, the schema that the course publishes."""

import json
from pathlib import Path

from linelab.model import Line

path = Path(__file__).parents[1] / "line.schema.json"
path.write_text(json.dumps(Line.schema(), indent=1) + "\n", "utf-8")
print(f"wrote {path}")
