"""What is known of every picture: the manifest that only the noise audit may read.

item, subject and kind; AUnn_r, the levels 0..5 of every AU (absent is 0; in a picture without a
face they are null); the view (degrees; light as directions); the person's settings, which are
what the renderer was told and nothing else.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from noisyau import aus, tables
from noisyau.synthesis.behaviour import AUS
from noisyau.synthesis.people import AXES, Person
from noisyau.synthesis.render import View

_VIEW = ("yaw", "pitch", "roll", "key_azimuth", "key_height", "key_strength", "sky_strength",
         "exposure", "blur", "noise")  # fmt: skip
_SETTINGS = (
    *(f"shape_axis_{axis}" for axis in AXES),
    "age", "muscle", "weight", "melanin", "beard", "makeup", "wrinkles",
)  # fmt: skip

SCHEMA = pa.schema(
    [
        pa.field("item", pa.string(), nullable=False),
        pa.field("subject", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),  # normal, away or what went wrong
        *(pa.field(aus.intensity(au), pa.float32()) for au in sorted(AUS)),
        *(pa.field(name, pa.float32(), nullable=False) for name in _VIEW),
        pa.field("gender_setting", pa.string(), nullable=False),
        pa.field("hair_setting", pa.string(), nullable=False),
        *(pa.field(f"{name}_setting", pa.float32(), nullable=False) for name in _SETTINGS),
    ]
)


def row(
    item: str, subject: str, kind: str, levels: Mapping[int, float], view: View, person: Person
) -> dict[str, Any]:
    seen = kind != "no_face"
    settings = (*person.axes, person.age, person.muscle, person.weight, person.melanin,
                person.beard, person.makeup, person.wrinkles)  # fmt: skip
    light = (*view.key, view.key_colour[1], view.sky[1], view.exposure, view.blur, view.noise)
    return {
        "item": item,
        "subject": subject,
        "kind": kind,
        **{aus.intensity(au): levels.get(au, 0.0) if seen else None for au in sorted(AUS)},
        **dict(zip(_VIEW, (view.yaw, view.pitch, view.roll, *light), strict=True)),
        "gender_setting": person.gender,
        "hair_setting": person.hair_style,
        **{f"{name}_setting": value for name, value in zip(_SETTINGS, settings, strict=True)},
    }


def write(rows: pd.DataFrame, path: Path) -> None:
    tables.write(rows, path, SCHEMA)
