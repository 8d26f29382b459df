"""Images as pixels: those that Pillow and numpy hold, and those that are made smaller.

This is the only module that knows Pillow, of the extra `images`. An array is recognized by the
protocol of arrays, and numpy itself is never loaded.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

__all__ = ["Pixels", "compressed", "lossless", "opened", "picture_of", "smaller"]

# Tried in turn until the file is small enough. Below the last one, text gets hard to read.
_QUALITIES = (90, 75, 50)
_PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")
_WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")


class Pixels(Protocol):
    """An image of Pillow, an array of numpy, or another array with the same protocol."""

    @property
    def __array_interface__(self) -> dict[str, Any]: ...


def picture_of(source: object) -> Picture | None:
    """Return an image of Pillow or an array as an image of Pillow; None for anything else.

    Raises:
        InputError: the array is not one of an image.
        ImportError: Pillow, which writes the file, is not installed.
    """
    pillow: Any = sys.modules.get("PIL.Image")  # whoever holds one of its images has loaded it
    if pillow is not None and isinstance(source, pillow.Image):
        picture: Any = source
        upright = _upright(picture)
        upright.format = picture.format
        return upright
    if hasattr(source, "__array_interface__"):
        return _from_array(source)
    return None


def _from_array(array: Any) -> Picture:
    described = array.__array_interface__
    shape, kind = described["shape"], described["typestr"]
    is_image = len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4))
    if kind not in ("|u1", "|b1") or not is_image or 0 in shape:
        raise InputError(
            f"source: an array of shape {shape} and type {kind!r}; an image is an array of uint8 "
            "and of shape (height, width), or (height, width, channels) with 1, 3 or 4 channels"
        )
    if len(shape) == 3 and shape[2] == 1:
        array = array[:, :, 0]
    picture: Picture = _pillow().fromarray(array)
    return picture


def opened(content: bytes) -> Picture:
    """Return the image in a file.

    Raises:
        InputError: Pillow cannot read it, or refuses to because of its size.
        ImportError: Pillow is not installed.
    """
    with _reading():
        picture: Picture = _pillow().open(io.BytesIO(content))
    return picture


def smaller(picture: Picture, size: tuple[int, int]) -> Picture:
    """Return an image in another size, turned upright."""
    # Between the colors of a palette, or black and white, there is nothing to mix.
    if picture.mode in ("1", "P"):
        gray = picture.mode == "1"
        picture = picture.convert("L" if gray else "RGBA" if _is_clear(picture) else "RGB")
    with _reading():
        picture.draft(None, size)  # a JPEG need not be read in full for a small copy
        picture = picture.resize(size, _pillow().Resampling.LANCZOS)
    return _upright(picture)


def _upright(picture: Picture) -> Picture:
    """Return a copy that is turned as the camera was held: the new file will not say that."""
    from PIL import ImageOps

    with _reading():
        return ImageOps.exif_transpose(picture)


@contextmanager
def _reading() -> Generator[None]:
    """Report what is wrong with a file; Pillow reads most of it when it is first needed."""
    try:
        yield
    except (OSError, _pillow().DecompressionBombError) as error:
        raise InputError(f"source: Pillow cannot read the image: {error}") from error


def lossless(picture: Picture) -> bytes:
    """Return an image as a PNG file."""
    if picture.mode not in _PNG_MODES:
        picture = picture.convert("RGBA" if picture.mode in _WITH_ALPHA else "RGB")
    return _written(picture, "PNG", optimize=False)


def compressed(picture: Picture, most: int) -> bytes:
    """Return an image as a JPEG file, of the best quality that gives at most so many bytes.

    The file is larger than that if even the lowest quality is not enough.
    """
    if _is_clear(picture):
        picture = picture.convert("RGBA")
        paper = _pillow().new("RGBA", picture.size, "white")  # JPEG knows no transparency
        paper.alpha_composite(picture)
        picture = paper
    picture = picture.convert("RGB")
    content = b""
    for quality in _QUALITIES:
        content = _written(picture, "JPEG", quality=quality)
        if len(content) <= most:
            break
    return content


def _is_clear(picture: Picture) -> bool:
    """Return whether an image is transparent somewhere."""
    return picture.mode in _WITH_ALPHA or "transparency" in picture.info


def _written(picture: Picture, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def _pillow() -> Any:
    with suppress(ImportError):
        from PIL import Image

        return Image
    raise ImportError("making images needs Pillow: pip install 'antiphon[images]'")
