"""Pre-label photographs, review them in the browser, export COCO."""

import sys

# `import openvino` tells Google Analytics that it was imported, through this package; without it, it stays silent.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
