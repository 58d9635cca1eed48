"""How a picture of one size becomes one of another."""

from lensbus_services.oak.features import Size


def covering(whole: Size, size: Size, crop: tuple[float, float] = (0.0, 0.0)) -> Size:
    """Return the size that a picture is scaled to so that it covers another size.

    It just covers it, so that as much as can be is seen. Whoever says where the cut begins gets
    the pixels of the sensor as they are: scaled down there would be nothing left to choose from.
    """
    scale = max(size[0] / whole[0], size[1] / whole[1])
    if crop != (0.0, 0.0):
        scale = max(scale, 1.0)
    return (max(size[0], round(whole[0] * scale)), max(size[1], round(whole[1] * scale)))


def cut(whole: Size, size: Size, crop: tuple[float, float]) -> tuple[slice, slice]:
    """Return the rows and columns of a cut that begins at `crop`, as fractions of the whole.

    One that would reach over the edge is moved back; (0, 0) is the middle.
    """
    rooms = (max(0, whole[0] - size[0]), max(0, whole[1] - size[1]))
    if crop == (0.0, 0.0):
        x, y = rooms[0] // 2, rooms[1] // 2
    else:
        x, y = (
            min(room, round(part * length))
            for room, part, length in zip(rooms, crop, whole, strict=True)
        )
    return (slice(y, y + size[1]), slice(x, x + size[0]))
