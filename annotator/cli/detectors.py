"""A network that is ready to look at pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annotator.cli.telling import progress_bar

if TYPE_CHECKING:
    from annotator.vision.networks.detector import Detector
    from annotator.vision.networks.zoo import ModelInfo


def open_detector(info: ModelInfo, device: str, *, precision: str = "f32") -> Detector:
    """The network, fetched on its first use."""
    from annotator.vision.networks import zoo
    from annotator.vision.networks.detector import Detector

    if not info.present:
        zoo.fetch(info, progress=progress_bar(f"fetching {info.name}", "B", scale=True))
    return Detector(info, device=device, precision=precision)
