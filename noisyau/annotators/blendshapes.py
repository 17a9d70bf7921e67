"""MediaPipe's face landmarker as a coder of action units, in this process.

Two nets of `face_landmarker.task` (Apache-2.0): the mesh net gives 478 points of the aligned
crop, the blendshape net (MediaPipe's model card: Blendshape V2) 52 scores in 0..1 named as
Apple's ARKit names its face units. ARKit's units were drawn for animation and many have a twin
in FACS (Ekman, Friesen & Hager 2002): the table `RULES` says which and why. AU6 and AU9 stay
missing, since the net's cheekSquint and noseSneer are 0 for every face; so does AU23.

Scores are not intensities: how far an output goes differs between outputs (eyeWide seldom
passes 0.05, mouthSmile reaches 0.97), and so does where it rests. The lips' outputs rest at 0,
so one threshold serves every corpus. The brows' and lids' rest wherever the people, the lens
and the pose put them: the median of browDown is 0.50 on 878 portraits and 0.003 on rendered
faces, that of browInnerUp 0.001 and 0.31. No one threshold serves both; there the AU counts as
present from the score on that a share of the celebrities' faces reaches, as many as FACS coders
would about expect on ordinary pictures, within bounds. The same thresholds then serve the coded
corpus, so that one and the same coder is measured; where that corpus rests elsewhere (another
lens, other people), they suit it less. Thresholds come from scores alone: no coded or true label
was looked at, here or ever.
"""

import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from noisyau import aus as au_names
from noisyau import facemesh
from noisyau.errors import AnnotatorError, AssetError

from .base import Coded, Face, Uncoded

# fmt: off
OUTPUTS = (
    "_neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft",
    "browOuterUpRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft",
    "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
    "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft",
    "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen",
    "jawRight", "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft",
    "mouthFrownRight", "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthPressLeft", "mouthPressRight", "mouthPucker", "mouthRight", "mouthRollLower",
    "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft", "mouthSmileRight",
    "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
)
"""The blendshape net's outputs in order (MediaPipe, face_blendshapes_graph.cc)."""

_MESH_POINTS = (
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65,
    66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136,
    144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172,
    173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270, 276, 282, 283,
    284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324,
    332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385,
    386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472,
    473, 474, 475, 476, 477,
)  # the points that the blendshape net takes, from the same file
# fmt: on

LIP_GAP = "lipGap"
"""Not an output of the net: the height of the gap between the lips over the distance between
the eyes, from the mesh."""
_INNER_LIPS = 13, 14  # the middle of the upper and lower lip's inner edge
_ENOUGH_FACES = 50  # to fit thresholds to


@dataclass(frozen=True)
class Rule:
    """How an AU is read from the outputs.

    outputs   their mean is the AU's score; both sides of the face where there are sides
    present   the score from which on the AU counts as present, which is intensity 1 (FACS: a
              trace); intensity is linear from 0 to there
    full      the score that counts as intensity 5; intensity is linear from 1 to there
    share     where given, `present` is the score that this share of a corpus's faces reaches,
    bounds    but within these; the rule's own value serves where there are few faces
    """

    au: int
    outputs: tuple[str, ...]
    present: float
    full: float
    share: float | None = None
    bounds: tuple[float, float] = (0.0, 1.0)

    def score(self, scores: Mapping[str, float]) -> float:
        """The AU's score from those of the outputs."""
        return sum(scores[name] for name in self.outputs) / len(self.outputs)


def _sides(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}{side}" for name in names for side in ("Left", "Right"))


RULES = (
    # Frontalis, inner part: ARKit's browInnerUp raises the inner ends of both brows.
    Rule(1, ("browInnerUp",), present=0.10, full=1.0, share=0.15, bounds=(0.05, 0.70)),
    # Frontalis, outer part.
    Rule(2, _sides("browOuterUp"), present=0.08, full=1.0, share=0.12, bounds=(0.05, 0.70)),
    # Corrugator: browDown lowers the brows (and is half on where eyes are deep-set).
    Rule(4, _sides("browDown"), present=0.65, full=1.0, share=0.20, bounds=(0.03, 0.80)),
    # Levator palpebrae: eyeWide raises the upper lid. Small outputs, 0.005 at rest.
    Rule(5, _sides("eyeWide"), present=0.015, full=0.30, share=0.10, bounds=(0.012, 0.20)),
    # Orbicularis oculi, palpebral part: eyeSquint tightens the lids, as AU7 does. Cheek raising
    # (AU6) narrows the eye too, and the net does not tell them apart.
    Rule(7, _sides("eyeSquint"), present=0.60, full=1.0, share=0.20, bounds=(0.35, 0.75)),
    # Levator labii: mouthUpperUp raises the upper lip, in broad smiles too.
    Rule(10, _sides("mouthUpperUp"), present=0.50, full=1.0),
    # Zygomaticus: mouthSmile pulls the corners up and back.
    Rule(12, _sides("mouthSmile"), present=0.50, full=1.0),
    # Buccinator: mouthDimple pulls the corners straight back and in. Small outputs.
    Rule(14, _sides("mouthDimple"), present=0.08, full=0.50, share=0.08, bounds=(0.02, 0.12)),
    # Depressor anguli oris: mouthFrown pulls the corners down. Small outputs, 0.0003 at rest.
    Rule(15, _sides("mouthFrown"), present=0.004, full=0.30, share=0.08, bounds=(0.003, 0.10)),
    # Mentalis: mouthShrugLower pushes the lower lip up, which the chin boss does in AU17.
    Rule(17, ("mouthShrugLower",), present=0.10, full=0.80),
    # Risorius: mouthStretch pulls the corners sideways.
    Rule(20, _sides("mouthStretch"), present=0.08, full=0.50),
    # Lips part: no unit of ARKit's says it (jawOpen can be 0 while teeth show), the mesh does.
    Rule(25, (LIP_GAP,), present=0.05, full=0.60),
    # Masseter relaxed: jawOpen drops the jaw.
    Rule(26, ("jawOpen",), present=0.10, full=0.70),
    # Orbicularis oris: mouthRoll takes the lips into the mouth.
    Rule(28, ("mouthRollLower", "mouthRollUpper"), present=0.20, full=0.80),
)
"""AU23 is left out: mouthPress presses the lips together (AU24), mouthRoll takes them in (AU28),
mouthPucker rounds them (AU18); none tightens them alone."""


@dataclass(frozen=True)
class Blendshapes:
    """The annotator; see `base.Annotator`.

    task   face_landmarker.task
    rules  how AUs are read from the nets' outputs
    """

    task: Path
    rules: tuple[Rule, ...] = RULES
    name: str = "blendshapes"
    mode: Literal["static"] = "static"
    aus: tuple[int, ...] = au_names.OPENFACE_17
    batch: int = 64  # few, so that workers end together
    sees: Literal["crop"] = "crop"

    @property
    def version(self) -> str:
        """The digests of the nets and of the rules."""
        nets = hashlib.sha256(self.task.read_bytes()).hexdigest()
        rules = hashlib.sha256(repr(self.rules).encode()).hexdigest()
        return f"{nets[:12]}-{rules[:8]}"

    def check(self) -> None:
        """Code a blank picture."""
        try:
            _nets(self.task).scores(np.zeros((facemesh.SIDE, facemesh.SIDE, 3), np.uint8))
        except (AssetError, cv2.error) as error:
            raise AnnotatorError(
                f"blendshapes: the nets in {self.task} do not run: {error}"
            ) from error

    def fitted(self, sample: Iterable[Face], workers: int, /) -> "Blendshapes":
        """With the thresholds of a store, from the scores of a sample of its faces."""
        faces = list(sample)
        with ThreadPoolExecutor(workers) as pool:
            answers = pool.map(self._answers, [faces[first::workers] for first in range(workers)])
            scores = [score for some in answers for score, presence in some if presence > 0]
        if len(scores) < _ENOUGH_FACES:
            return self
        return replace(self, rules=tuple(_fitted(rule, scores) for rule in self.rules))

    def _answers(self, faces: Sequence[Face]) -> list[tuple[dict[str, float], float]]:
        nets = _Nets(self.task)  # of this thread's own
        return [nets.scores(_decoded(face)) for face in faces]

    def code(self, faces: Iterable[Face], _: Path, /) -> Iterable[Coded | Uncoded]:
        """Codes from the stored crops; a face that the mesh net does not see is `no_face`."""
        nets = _nets(self.task)
        for face in faces:
            scores, presence = nets.scores(_decoded(face))
            if presence <= 0:
                yield Uncoded(
                    face.face_id, "no_face", f"presence logit {presence:.2f}, needed above 0"
                )
            else:
                yield Coded(face.face_id, *codes(scores, self.rules), confidence=_sigmoid(presence))


def codes(
    scores: Mapping[str, float], rules: Sequence[Rule] = RULES
) -> tuple[dict[int, int], dict[int, float]]:
    """Occurrence and intensity of each AU that has a rule.

    scores  output -> 0..1, and LIP_GAP
    """
    intensity = {rule.au: _intensity(rule.score(scores), rule) for rule in rules}
    return {au: int(level >= 1) for au, level in intensity.items()}, intensity


def _intensity(score: float, rule: Rule) -> float:
    if score < rule.present:
        return max(score, 0.0) / rule.present
    return 1 + 4 * min((score - rule.present) / (rule.full - rule.present), 1.0)


def _fitted(rule: Rule, scores: Sequence[Mapping[str, float]]) -> Rule:
    if rule.share is None:
        return rule
    reached = float(np.quantile([rule.score(face) for face in scores], 1 - rule.share))
    low, high = rule.bounds
    return replace(rule, present=round(min(max(reached, low), high), 4))


def _decoded(face: Face) -> NDArray[np.uint8]:
    crop = cv2.imdecode(np.frombuffer(face.image, np.uint8), cv2.IMREAD_COLOR)
    return cast(NDArray[np.uint8], crop)


class _Nets:
    def __init__(self, task: Path) -> None:
        self._mesh = facemesh.FaceMesh(task)
        self._blendshapes = facemesh.read_net(task, "face_blendshapes.tflite")

    def scores(self, crop: NDArray[np.uint8]) -> tuple[dict[str, float], float]:
        """Every output and LIP_GAP, and the mesh net's presence logit."""
        points, presence = self._mesh(crop)
        self._blendshapes.setInput(np.ascontiguousarray(points[None, _MESH_POINTS, :2]))
        outputs = np.ravel(self._blendshapes.forward()).tolist()
        five = facemesh.five_points(points)
        upper, lower = points[list(_INNER_LIPS), :2]
        gap = float(np.linalg.norm(lower - upper) / np.linalg.norm(five[1] - five[0]))
        return dict(zip(OUTPUTS, outputs, strict=True)) | {LIP_GAP: gap}, presence


@functools.lru_cache(maxsize=1)
def _nets(task: Path) -> _Nets:
    cv2.setNumThreads(1)  # processes share the work
    return _Nets(task)


def _sigmoid(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))
