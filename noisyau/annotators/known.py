"""The annotators by their names in params.yaml."""

from pathlib import Path
from typing import Any

from noisyau.annotators.base import Annotator
from noisyau.annotators.blendshapes import Blendshapes
from noisyau.annotators.openface import OpenFace
from noisyau.annotators.openface_video import OpenFaceVideo, video_command


def open_annotator(name: str, landmarker: Path, *, of_videos: bool, **knobs: Any) -> Annotator:
    """An annotator by its name in params.yaml.

    landmarker  face_landmarker.task, for those that need it
    of_videos   whether the corpus is one of videos
    knobs       `annotators.<name>` of params.yaml
    """
    if name == "blendshapes":
        return Blendshapes(landmarker)
    command, timeout = tuple(knobs["command"]), knobs["timeout_s_per_image"]
    if of_videos and knobs["videos"] != "pictures":
        own = tuple(knobs["video_command"]) or video_command(command)
        return OpenFaceVideo(own, mode=knobs["videos"], timeout=timeout)
    return OpenFace(command, sees=knobs["input"], batch=knobs["batch"], timeout=timeout)
