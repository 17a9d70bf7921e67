"""The renderer's inner loops, compiled by numba.

All in one file: numba keys its cache by the file a function is in, so a change here is never
missed. View space: x right, y up, z towards the viewer; screen space: pixels, y down, pixel
centres at whole numbers. One thread; arrays are float32 and int32 throughout.
"""

from typing import Any

import numpy as np
from numba import njit

SKIN, EYE, TEETH, TONGUE, CAP, CURTAIN = range(6)


@njit(cache=True, fastmath=True, nogil=True)
def deform(points: Any, index: Any, move: Any, weight: float) -> None:
    """points[index] += weight * move, in place."""
    for k in range(len(index)):
        i = index[k]
        points[i, 0] += weight * move[k, 0]
        points[i, 1] += weight * move[k, 1]
        points[i, 2] += weight * move[k, 2]


@njit(cache=True, fastmath=True, nogil=True)
def mix(out: Any, amount: Any, paint: Any) -> None:
    """Paint one colour over an image (H, W, 3): amount (H, W) 0 leaves it, 1 covers it."""
    height, width = amount.shape
    for j in range(height):
        for i in range(width):
            share = amount[j, i]
            if share != 0:
                out[j, i, 0] += share * (paint[0] - out[j, i, 0])
                out[j, i, 1] += share * (paint[1] - out[j, i, 1])
                out[j, i, 2] += share * (paint[2] - out[j, i, 2])


@njit(cache=True, fastmath=True, nogil=True)
def steps(height: Any, depth: Any, out: Any) -> None:
    """(S, S) heights to (S, S, 3): steps to the right and down, and depth * what is below 0."""
    size = height.shape[0]
    half = np.float32(0.5)
    for j in range(1, size - 1):
        for i in range(1, size - 1):
            out[j, i, 0] = half * (height[j, i + 1] - height[j, i - 1])
            out[j, i, 1] = half * (height[j + 1, i] - height[j - 1, i])
            out[j, i, 2] = depth * min(height[j, i], np.float32(0))


@njit(cache=True, fastmath=True, nogil=True)
def place(points: Any, stiff: Any, head: Any, torso: Any, pivot: Any, out: Any) -> None:
    """Turn points about the pivot: by `head` (3 x 3) where stiff is 1, by `torso` where 0."""
    for i in range(len(points)):
        w = stiff[i]
        x = points[i, 0] - pivot[0]
        y = points[i, 1] - pivot[1]
        z = points[i, 2] - pivot[2]
        for k in range(3):
            a = head[k, 0] * x + head[k, 1] * y + head[k, 2] * z
            b = torso[k, 0] * x + torso[k, 1] * y + torso[k, 2] * z
            out[i, k] = w * a + (1 - w) * b


@njit(cache=True, fastmath=True, nogil=True)
def normals(points: Any, triangles: Any, out: Any) -> None:
    """Unit vertex normals, weighted by area."""
    out[:] = 0
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux = points[b, 0] - points[a, 0]
        uy = points[b, 1] - points[a, 1]
        uz = points[b, 2] - points[a, 2]
        vx = points[c, 0] - points[a, 0]
        vy = points[c, 1] - points[a, 1]
        vz = points[c, 2] - points[a, 2]
        nx = uy * vz - uz * vy
        ny = uz * vx - ux * vz
        nz = ux * vy - uy * vx
        for i in (a, b, c):
            out[i, 0] += nx
            out[i, 1] += ny
            out[i, 2] += nz
    for i in range(len(points)):
        n = np.sqrt(out[i, 0] ** 2 + out[i, 1] ** 2 + out[i, 2] ** 2) + np.float32(1e-12)
        out[i, 0] /= n
        out[i, 1] /= n
        out[i, 2] /= n


@njit(cache=True, fastmath=True, nogil=True)
def depth_only(x: Any, y: Any, z: Any, triangles: Any, depth: Any) -> None:
    """Nearest (largest) z of any triangle at each pixel; `depth` starts very small."""
    height, width = depth.shape
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        x0, y0, x1, y1, x2, y2 = x[a], y[a], x[b], y[b], x[c], y[c]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if abs(area) < 1e-9:
            continue
        left = max(int(np.ceil(min(x0, x1, x2))), 0)
        right = min(int(np.floor(max(x0, x1, x2))), width - 1)
        top = max(int(np.ceil(min(y0, y1, y2))), 0)
        bottom = min(int(np.floor(max(y0, y1, y2))), height - 1)
        for j in range(top, bottom + 1):
            for i in range(left, right + 1):
                w1 = ((i - x0) * (y2 - y0) - (x2 - x0) * (j - y0)) / area
                w2 = ((x1 - x0) * (j - y0) - (i - x0) * (y1 - y0)) / area
                if w1 >= 0 and w2 >= 0 and w1 + w2 <= 1:
                    here = z[a] + w1 * (z[b] - z[a]) + w2 * (z[c] - z[a])
                    depth[j, i] = max(depth[j, i], here)


@njit(cache=True, fastmath=True, nogil=True)
def lit(x: Any, y: Any, z: Any, depth: Any, bias: Any, out: Any) -> None:
    """How much of the light reaches each vertex (0..1): 5 x 5 looks into the light's depth map."""
    height, width = depth.shape
    for v in range(len(x)):
        i0, j0 = int(x[v] + np.float32(0.5)), int(y[v] + np.float32(0.5))
        seen = np.float32(0)
        count = np.float32(0)
        for j in range(j0 - 2, j0 + 3):
            for i in range(i0 - 2, i0 + 3):
                if 0 <= i < width and 0 <= j < height:
                    count += 1
                    if depth[j, i] < z[v] + bias:
                        seen += 1
        out[v] = seen / count if count > 0 else np.float32(1)


@njit(cache=True, fastmath=True, nogil=True)
def raster(
    x: Any, y: Any, z: Any, triangles: Any, hair_from: int, cover: Any, strands: Any,
    uv: Any, depth: Any, owner: Any,
) -> None:  # fmt: skip
    """Which triangle is seen at each pixel: `owner` (-1 for none) and its depth.

    Triangles from `hair_from` on are hair: two-sided, and cut away where the vertices' cover
    (interpolated, below 0 is bald) is less than the strand pattern there asks for. Others are
    culled when they face away.
    """
    height, width = depth.shape
    size = strands.shape[0]
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        x0, y0, x1, y1, x2, y2 = x[a], y[a], x[b], y[b], x[c], y[c]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        hair = t >= hair_from
        if abs(area) < 1e-9 or (area > 0 and not hair):
            continue
        left = max(int(np.ceil(min(x0, x1, x2))), 0)
        right = min(int(np.floor(max(x0, x1, x2))), width - 1)
        if left > right:
            continue
        top = max(int(np.ceil(min(y0, y1, y2))), 0)
        bottom = min(int(np.floor(max(y0, y1, y2))), height - 1)
        inverse = 1 / area
        w1x = (y2 - y0) * inverse
        w1y = -(x2 - x0) * inverse
        w2x = -(y1 - y0) * inverse
        w2y = (x1 - x0) * inverse
        for j in range(top, bottom + 1):
            for i in range(left, right + 1):
                dx, dy = i - x0, j - y0
                w1 = dx * w1x + dy * w1y
                w2 = dx * w2x + dy * w2y
                if w1 < 0 or w2 < 0 or w1 + w2 > 1:
                    continue
                here = z[a] + w1 * (z[b] - z[a]) + w2 * (z[c] - z[a])
                if here <= depth[j, i]:
                    continue
                if hair:
                    w0 = 1 - w1 - w2
                    c_here = w0 * cover[a] + w1 * cover[b] + w2 * cover[c]
                    if c_here < 1:
                        u = w0 * uv[a, 0] + w1 * uv[b, 0] + w2 * uv[c, 0]
                        v = w0 * uv[a, 1] + w1 * uv[b, 1] + w2 * uv[c, 1]
                        if c_here < strands[int(v * size) % size, int(u * size) % size]:
                            continue
                depth[j, i] = here
                owner[j, i] = t


@njit(cache=True, fastmath=True, nogil=True)
def _cloth(x: float, y: float, z: float, cloth: Any) -> int:
    """What is worn at a point of the base body: 0 nothing, 1 outer, 2 inner, 3 tie, 4 shadow.

    cloth = (style, neckline y, V's half-opening per unit, tie's half-width); styles are
    0 round neck, 1 V neck, 2 jacket with shirt and tie, 3 jacket over a round neck.
    """
    style = cloth[0]
    across = abs(x)
    front = z > np.float32(0.2)
    line = cloth[1] + (np.float32(0.10) * across if front else np.float32(0.22))
    if style == 0:
        edge = line - y
    elif style == 1:
        edge = line + np.float32(0.06) - y - np.float32(0.02)
        if front:
            edge = min(edge, (across - (y - cloth[1] + np.float32(0.75)) * cloth[2]))
    else:
        inner = line + (np.float32(0.16) if style == 2 else np.float32(-0.04))
        if y > inner:
            return 0
        opening = (y - cloth[1] + np.float32(0.95)) * cloth[2]
        if front and across < opening:
            if style == 2 and across < cloth[3] * (
                np.float32(1.35) if y > inner - np.float32(0.12) else np.float32(1)
            ):
                return 3
            if style == 2 and opening - across < np.float32(0.015):
                return 4
            return 2
        if y > inner - np.float32(0.13):
            return 2
        if front and across - opening < np.float32(0.02):
            return 4
        return 1
    if edge < 0:
        return 0
    return 4 if edge < np.float32(0.03) else 1


@njit(cache=True, fastmath=True, nogil=True)
def _power(base: float, doublings: int) -> float:
    """base to the power of 2 ** doublings."""
    for _ in range(doublings):
        base *= base
    return base


@njit(cache=True, fastmath=True, nogil=True)
def _blend(
    image: Any, row: int, column: int, k: int, c00: float, c10: float, c01: float, c11: float
) -> Any:
    """Channel k between four texels, whose shares are given."""
    return (
        c00 * image[row, column, k]
        + c10 * image[row, column + 1, k]
        + c01 * image[row + 1, column, k]
        + c11 * image[row + 1, column + 1, k]
    )


@njit(cache=True, fastmath=True, nogil=True)
def shade(
    owner: Any, x: Any, y: Any, triangles: Any, ends: Any,
    normal: Any, uv: Any, rest: Any, light: Any, occlusion: Any, inside: Any,
    albedo: Any, relief: Any, strands: Any,
    key: Any, key_colour: Any, fill: Any, fill_colour: Any, sky: Any, ground: Any,
    skin: Any, iris: Any, hair_colour: Any, cloth: Any, cloth_colours: Any,
    scale: Any, out: Any,
) -> None:  # fmt: skip
    """Colour (linear light) of every pixel that has an owner; others are left alone.

    owner (H, W); vertices' x, y (pixels), normal, uv, rest (base body; for eyes, hair: the
    pattern's coordinates), light (0..1 of the key light), occlusion (0..1 of the sky), inside;
    albedo (S, S, 3), relief (S, S, 3): height gradients per texel step and cavity;
    key, fill: directions; skin = (gloss, softness, 1 / texel size in units);
    iris (3, 3): iris, pupil ring, sclera; scale: pixels per unit.
    """
    height, width = owner.shape
    size = albedo.shape[0]
    pattern = strands.shape[0]
    one = np.float32(1)
    half = np.float32(0.5)
    # half vectors for a viewer far away along +z
    hx, hy, hz = key[0], key[1], key[2] + one
    hn = np.sqrt(hx * hx + hy * hy + hz * hz)
    hx, hy, hz = hx / hn, hy / hn, hz / hn
    gx, gy, gz = fill[0], fill[1], fill[2] + one
    gn = np.sqrt(gx * gx + gy * gy + gz * gz)
    gx, gy, gz = gx / gn, gy / gn, gz / gn
    for j in range(height):
        for i in range(width):
            t = owner[j, i]
            if t < 0:
                continue
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            x0, y0 = x[a], y[a]
            ax, ay, bx, by = x[b] - x0, y[b] - y0, x[c] - x0, y[c] - y0
            inverse = 1 / (ax * by - bx * ay)
            dx, dy = i - x0, j - y0
            w1 = (dx * by - bx * dy) * inverse
            w2 = (ax * dy - dx * ay) * inverse
            w0 = 1 - w1 - w2
            nx = w0 * normal[a, 0] + w1 * normal[b, 0] + w2 * normal[c, 0]
            ny = w0 * normal[a, 1] + w1 * normal[b, 1] + w2 * normal[c, 1]
            nz = w0 * normal[a, 2] + w1 * normal[b, 2] + w2 * normal[c, 2]
            reach = w0 * light[a] + w1 * light[b] + w2 * light[c]
            open_ = w0 * occlusion[a] + w1 * occlusion[b] + w2 * occlusion[c]
            px = w0 * rest[a, 0] + w1 * rest[b, 0] + w2 * rest[c, 0]
            py = w0 * rest[a, 1] + w1 * rest[b, 1] + w2 * rest[c, 1]
            pz = w0 * rest[a, 2] + w1 * rest[b, 2] + w2 * rest[c, 2]
            material = 0
            while t >= ends[material]:
                material += 1
            red = green = blue = one
            gloss = np.float32(0.0)
            sharp = 4
            soft = np.float32(0.0)
            worn = 0
            if material == 0:
                worn = _cloth(px, py, pz, cloth) if py < np.float32(6.2) else 0
                if worn:
                    k = worn - 1
                    red, green, blue = cloth_colours[k, 0], cloth_colours[k, 1], cloth_colours[k, 2]
                    weave = strands[(j * 3) % pattern, (i * 3) % pattern]
                    shade_of = np.float32(0.92) + np.float32(0.1) * weave
                    red, green, blue = red * shade_of, green * shade_of, blue * shade_of
                else:
                    u = w0 * uv[a, 0] + w1 * uv[b, 0] + w2 * uv[c, 0]
                    v = w0 * uv[a, 1] + w1 * uv[b, 1] + w2 * uv[c, 1]
                    fx, fy = u * size - half, v * size - half
                    i0, j0 = int(fx), int(fy)
                    i0 = min(max(i0, 0), size - 2)
                    j0 = min(max(j0, 0), size - 2)
                    fx, fy = fx - i0, fy - j0
                    c00, c10 = (1 - fx) * (1 - fy), fx * (1 - fy)
                    c01, c11 = (1 - fx) * fy, fx * fy
                    red = _blend(albedo, j0, i0, 0, c00, c10, c01, c11)
                    green = _blend(albedo, j0, i0, 1, c00, c10, c01, c11)
                    blue = _blend(albedo, j0, i0, 2, c00, c10, c01, c11)
                    hu = _blend(relief, j0, i0, 0, c00, c10, c01, c11)
                    hv = _blend(relief, j0, i0, 1, c00, c10, c01, c11)
                    cavity = relief[j0, i0, 2]
                    # texture steps per pixel, from the triangle
                    u1, v1 = uv[b, 0] - uv[a, 0], uv[b, 1] - uv[a, 1]
                    u2, v2 = uv[c, 0] - uv[a, 0], uv[c, 1] - uv[a, 1]
                    ux = (u1 * by - u2 * ay) * inverse * size
                    uy = (u2 * ax - u1 * bx) * inverse * size
                    vx = (v1 * by - v2 * ay) * inverse * size
                    vy = (v2 * ax - v1 * bx) * inverse * size
                    sx = (hu * ux + hv * vx) * scale
                    sy = (hu * uy + hv * vy) * scale
                    steep = sx * sx + sy * sy
                    if steep > 1:
                        shrink = 1 / np.sqrt(steep)
                        sx, sy = sx * shrink, sy * shrink
                    nx -= sx
                    ny += sy
                    open_ *= max(np.float32(0.25), 1 + min(cavity, np.float32(0)))
                    deep = w0 * inside[a] + w1 * inside[b] + w2 * inside[c]
                    if deep > 0:
                        deep = min(deep, one)
                        red = red * (1 - deep) + deep * np.float32(0.16)
                        green = green * (1 - deep) + deep * np.float32(0.035)
                        blue = blue * (1 - deep) + deep * np.float32(0.035)
                        open_ *= 1 - np.float32(0.5) * deep
                    gloss = skin[0]
                    sharp = 4
                    soft = skin[1]
            elif material == 1:
                q = np.sqrt(px * px + py * py)
                if pz > 0 and q < np.float32(0.52):
                    if q < np.float32(0.2):
                        red = green = blue = np.float32(0.008)
                    else:
                        rim = (q - np.float32(0.2)) / np.float32(0.32)
                        edge = one
                        if rim > np.float32(0.78):
                            edge = one - np.float32(0.75) * (rim - np.float32(0.78)) / np.float32(
                                0.22
                            )
                        ring = iris[0, 0], iris[0, 1], iris[0, 2]
                        inner = one - rim
                        red = (ring[0] + (iris[1, 0] - ring[0]) * inner) * edge
                        green = (ring[1] + (iris[1, 1] - ring[1]) * inner) * edge
                        blue = (ring[2] + (iris[1, 2] - ring[2]) * inner) * edge
                else:
                    far = min(one, max(np.float32(0), (q - np.float32(0.52)) * np.float32(1.6)))
                    red = iris[2, 0] * (one - np.float32(0.10) * far)
                    green = iris[2, 1] * (one - np.float32(0.34) * far)
                    blue = iris[2, 2] * (one - np.float32(0.36) * far)
                gloss = np.float32(1.3)
                sharp = 7
                open_ *= np.float32(0.45) + np.float32(0.6) * open_
            elif material == 2:
                red, green, blue = np.float32(0.86), np.float32(0.80), np.float32(0.68)
                gloss = np.float32(0.35)
                sharp = 6
                open_ = min(one, open_ * np.float32(1.7))
                reach = max(reach, np.float32(0.6))
            elif material == 3:
                red, green, blue = np.float32(0.42), np.float32(0.12), np.float32(0.12)
                gloss = np.float32(0.2)
                sharp = 5
            else:
                u = w0 * uv[a, 0] + w1 * uv[b, 0] + w2 * uv[c, 0]
                v = w0 * uv[a, 1] + w1 * uv[b, 1] + w2 * uv[c, 1]
                strand = strands[int(v * pattern) % pattern, int(u * pattern) % pattern]
                dark = np.float32(0.35) + np.float32(0.95) * strand
                red = hair_colour[0] * dark
                green = hair_colour[1] * dark
                blue = hair_colour[2] * dark
                gloss = hair_colour[3] * (np.float32(0.2) + strand)
                sharp = 3
                soft = np.float32(0.2)
                if nz < 0 and material == 5:
                    nx, ny, nz = -nx, -ny, -nz
                shift = (strand - half) * np.float32(0.9)
                nx += shift * np.float32(0.5)
                ny += shift * np.float32(0.3)
            n = 1 / np.sqrt(nx * nx + ny * ny + nz * nz + np.float32(1e-9))
            nx, ny, nz = nx * n, ny * n, nz * n
            k_dot = nx * key[0] + ny * key[1] + nz * key[2]
            f_dot = max(np.float32(0), nx * fill[0] + ny * fill[1] + nz * fill[2])
            # light bleeds round the terminator, red farthest
            wrap = soft
            lr = max(np.float32(0), (k_dot + wrap) / (1 + wrap)) * reach
            lg = max(np.float32(0), (k_dot + wrap * half) / (1 + wrap * half)) * reach
            lb = (
                max(np.float32(0), (k_dot + wrap * np.float32(0.3)) / (1 + wrap * np.float32(0.3)))
                * reach
            )
            up = half + half * ny
            near = open_ + (1 - open_) * np.float32(0.12)
            er = key_colour[0] * lr + near * (
                fill_colour[0] * f_dot + sky[0] * up + ground[0] * (1 - up)
            )
            eg = key_colour[1] * lg + open_ * (
                fill_colour[1] * f_dot + sky[1] * up + ground[1] * (1 - up)
            )
            eb = key_colour[2] * lb + open_ * (
                fill_colour[2] * f_dot + sky[2] * up + ground[2] * (1 - up)
            )
            shine = np.float32(0)
            shine_fill = np.float32(0)
            if gloss > 0:
                s = nx * hx + ny * hy + nz * hz
                if s > 0 and k_dot > 0:
                    shine = gloss * _power(s, sharp) * reach * open_
                s = nx * gx + ny * gy + nz * gz
                if s > 0:
                    shine_fill = gloss * _power(s, sharp) * open_
                if material == 0 or material == 3:
                    grazing = 1 - max(np.float32(0), nz)
                    shine += gloss * np.float32(0.25) * _power(grazing, 2) * reach
            out[j, i, 0] = red * er + shine * key_colour[0] + shine_fill * fill_colour[0]
            out[j, i, 1] = green * eg + shine * key_colour[1] + shine_fill * fill_colour[1]
            out[j, i, 2] = blue * eb + shine * key_colour[2] + shine_fill * fill_colour[2]
