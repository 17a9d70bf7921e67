"""The annotators by their names in params.yaml."""

from pathlib import Path
from typing import Any

from noisyau.annotators.base import Annotator
from noisyau.annotators.blendshapes import Blendshapes
from noisyau.annotators.openface import OpenFace


def open_annotator(name: str, landmarker: Path, **knobs: Any) -> Annotator:
    """An annotator by its name in params.yaml.

    landmarker  face_landmarker.task, for those that need it
    knobs       `annotators.<name>` of params.yaml
    """
    if name == "blendshapes":
        return Blendshapes(landmarker)
    return OpenFace(
        command=tuple(knobs["command"]), batch=knobs["batch"], timeout=knobs["timeout_s_per_image"]
    )
