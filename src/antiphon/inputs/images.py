"""Images as content blocks.

An image that the API would refuse is refused here, with the numbers: reading its header is enough
to know. On request it is made smaller instead, to what a model sees at most. The API makes larger
images smaller by itself, so nothing is lost by that but time to send them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from ..catalog import media
from ..catalog.image_tokens import HIGH_RESOLUTION, downsized
from ..errors import InputError
from . import pixels
from .sources import FileSource, describe, encoded, raw_size, read, reference, refuse_size

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from ..types.content import ImageBlockParam

__all__ = ["ImageInput", "image"]

ImageInput: TypeAlias = "FileSource | pixels.Pixels"
"""What `image` accepts: a file in any form, an image of Pillow, or an array of numpy."""

_MOST_BYTES = raw_size(media.MOST_IMAGE_BYTES)
_MAKE_SMALLER = "resize=True makes it smaller"
_ACCEPTED = "the API accepts PNG, JPEG, GIF and WebP images"


def image(source: ImageInput, *, resize: bool | int = False) -> ImageBlockParam:
    """Return an image as a content block, for a message, a tool result or a document.

    A file is read at once. In an asynchronous program, large files and `resize` take milliseconds
    in which no other task runs; use ``await asyncio.to_thread(antiphon.image, path)`` there.

    Args:
        source: a path, bytes, an open binary file, a URL (``https://...``), the id of an uploaded
            file (``file_...``) or what its upload returned, an image of Pillow, or an array of
            numpy: uint8, of shape (height, width) or (height, width, channels).
        resize: True makes an image smaller that is larger than any model sees; a number makes the
            longer side at most that many pixels. An image that is small enough stays as it is.
            Needs Pillow, of the extra `images`.

    Raises:
        InputError: it is empty, broken, too large, or of a type that the API does not accept.
        OSError: the file cannot be read.
        TypeError: `source` is none of these.
        ImportError: Pillow is needed and not installed.
    """
    where = reference(source)
    if where is not None:
        if resize:
            raise InputError("resize: the image is not here; only its URL or id is sent")
        return {"type": "image", "source": where}
    picture = pixels.picture_of(source)
    content = _file(source, resize) if picture is None else _drawn(picture, resize)
    seen = _seen(content)
    longer = max(seen.width, seen.height)
    if longer > media.MOST_IMAGE_SIDE:
        raise InputError(
            f"source: the image is {seen.width} by {seen.height} pixels, and may have "
            f"{media.MOST_IMAGE_SIDE} on its longer side; {_MAKE_SMALLER}"
        )
    refuse_size(len(content), _MOST_BYTES, _MAKE_SMALLER)
    return {
        "type": "image",
        "source": {"type": "base64", "media_type": seen.media_type, "data": encoded(content)},
    }


def _file(source: object, resize: bool | int) -> bytes:
    """Return the content of an image file, made smaller if that is wanted and needed."""
    content = read(source, None if resize else _MOST_BYTES, _MAKE_SMALLER)
    if isinstance(content, str):
        raise InputError("source: an image that was opened as text; open it with mode 'rb'")
    seen = _seen(content)
    size = (seen.width, seen.height)
    if not resize or (len(content) <= _MOST_BYTES and _wanted(size, resize) == size):
        return content
    return _drawn(pixels.opened(content), resize)


def _drawn(picture: Picture, resize: bool | int) -> bytes:
    """Return an image of Pillow as a file."""
    is_photo = picture.format == "JPEG"
    if not resize:
        return pixels.lossless(picture)
    picture = pixels.smaller(picture, _wanted(picture.size, resize))
    content = b"" if is_photo else pixels.lossless(picture)
    is_fitting = 0 < len(content) <= _MOST_BYTES
    return content if is_fitting else pixels.compressed(picture, _MOST_BYTES)


def _wanted(size: tuple[int, int], resize: bool | int) -> tuple[int, int]:
    """Return the width and height at which an image is to be sent."""
    if resize is True:
        return downsized(*size, HIGH_RESOLUTION)
    if resize < 1:
        raise InputError(f"resize: expected True or a number of pixels, not {resize!r}")
    width, height = size
    longer = max(size)
    if longer <= resize:
        return size
    return max(1, width * resize // longer), max(1, height * resize // longer)


def _seen(content: bytes) -> media.Image:
    """Return what the header of an image file says.

    Raises:
        InputError: it is not a whole image of an accepted type.
    """
    seen = media.image_of(content)
    if seen is not None:
        return seen
    kind = describe(content)
    if kind == "a PDF":
        raise InputError("source: a PDF is not an image; use antiphon.document")
    if kind is not None and kind.removeprefix("a ").removesuffix(" image") in media.FORMATS:
        raise InputError(f"source: {kind} that is cut off or broken")
    told = kind or "neither an image nor a PDF"
    raise InputError(
        f"source: {told}; {_ACCEPTED}, and Pillow can convert: antiphon.image(PIL.Image.open(path))"
    )
