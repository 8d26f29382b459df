"""Where the shards of a run are while they are performed, and where they are published.

Publishing happens in one step, and once: the first one wins, whoever else performed the same shard.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from typing import IO, Any, Final

from .._transport.files import replace_file

__all__ = ["ObjectStore", "Store", "store_of"]

_PUBLISHED = ".done"
_SPOOLED = "rows.pickle"


class Store:
    """Where shards are kept while they are performed: a folder that all workers see."""

    def __init__(self, folder: Path) -> None:
        """Take the folder `shards` of a run directory."""
        self.folder: Final = folder

    def journal(self, name: str) -> Path:
        """Return where a worker keeps the journal of a shard."""
        return self.folder / name

    def is_published(self, name: str) -> bool:
        """Return whether a shard is published."""
        return (self.folder / f"{name}{_PUBLISHED}").exists()

    def publish(self, name: str) -> None:
        """Publish a shard, whose journal is closed; the first one wins."""
        self.journal(name).rename(self.folder / f"{name}{_PUBLISHED}")

    def names(self) -> list[str]:
        """Return the names of the shards that are published."""
        return sorted(path.stem for path in self.folder.glob(f"*{_PUBLISHED}"))

    def fetch(self, name: str) -> Path:
        """Return the run directory of a shard that is published."""
        return self.folder / f"{name}{_PUBLISHED}"

    def forget(self, name: str) -> None:
        """Let go of a shard that was adopted: its directory is gone already."""

    def write(self, name: str) -> IO[bytes]:
        """Open a file for the rows of a shard."""
        (self.folder / name).mkdir(parents=True, exist_ok=True)
        return (self.folder / name / _SPOOLED).open("wb")

    def read(self, name: str) -> IO[bytes]:
        """Open the rows of a shard."""
        return (self.folder / name / _SPOOLED).open("rb")


class ObjectStore(Store):
    """A place of fsspec, where each shard is one object, which is made once."""

    def __init__(self, url: str, folder: Path) -> None:
        """Take an address, such as ``s3://bucket/folder``, and the folder of the run's leader.

        Raises:
            ImportError: fsspec, or what it needs for such an address, is not installed.
        """
        super().__init__(folder)
        if find_spec("fsspec") is None:
            raise ImportError("storage: fsspec is not installed; install it for such addresses")
        url_to_fs: Any = import_module("fsspec.core").url_to_fs
        self._run = _name_of(folder.parent)
        found: tuple[Any, str] = url_to_fs(f"{url.rstrip('/')}/{self._run}")
        self._files, self._place = found

    def journal(self, name: str) -> Path:
        """Return where a worker keeps the journal of a shard: on its own disk."""
        return Path(tempfile.gettempdir()) / "antiphon-shards" / self._run / name

    def is_published(self, name: str) -> bool:
        """Return whether a shard is published."""
        found: bool = self._files.exists(self._object(name))
        return found

    def publish(self, name: str) -> None:
        """Publish a shard; if another worker was first, its results count."""
        content = io.BytesIO()
        path = self.journal(name)
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for each in sorted(path.rglob("*")):
                archive.write(each, each.relative_to(path))
        self._files.makedirs(self._place, exist_ok=True)
        with suppress(FileExistsError):
            self._files.pipe_file(self._object(name), content.getvalue(), mode="create")
        shutil.rmtree(path)

    def names(self) -> list[str]:
        """Return the names of the shards that are published."""
        if not self._files.exists(self._place):
            return []
        found = self._files.ls(self._place, detail=False)
        return sorted(Path(each).stem for each in found if each.endswith(".zip"))

    def fetch(self, name: str) -> Path:
        """Bring a shard that is published here, and return its run directory."""
        path, draft = super().fetch(name), self.folder.parent / "fetched"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(path, ignore_errors=True)
        with zipfile.ZipFile(io.BytesIO(self._files.cat_file(self._object(name)))) as archive:
            archive.extractall(draft)
        # In one step: what is in the folder is adopted, whenever this process dies.
        self.folder.mkdir(exist_ok=True)
        draft.rename(path)
        return path

    def forget(self, name: str) -> None:
        """Delete a shard that was adopted."""
        for each in (self._object(name), self._rows(name)):
            if self._files.exists(each):
                self._files.rm_file(each)

    def write(self, name: str) -> IO[bytes]:
        """Open a file for the rows of a shard."""
        self._files.makedirs(self._place, exist_ok=True)
        file: IO[bytes] = self._files.open(self._rows(name), "wb")
        return file

    def read(self, name: str) -> IO[bytes]:
        """Open the rows of a shard."""
        file: IO[bytes] = self._files.open(self._rows(name), "rb")
        return file

    def _rows(self, name: str) -> str:
        return f"{self._place}/{name}.rows"

    def _object(self, name: str) -> str:
        return f"{self._place}/{name}.zip"


def _name_of(directory: Path) -> str:
    """Return a name that no other run has, whatever its directory is called, and always the same.

    Runs of several programs may use one address and one disk, and results must not be mixed up.
    """
    kept = directory / "storage-name"
    if not kept.exists():
        directory.mkdir(parents=True, exist_ok=True)
        replace_file(kept, f"{directory.name}-{token_hex(8)}".encode())
    return kept.read_text("utf-8")


def store_of(url: str | None, directory: Path) -> Store:
    """Return the store of the shards of a run directory: a folder of it, or that of an address."""
    folder = directory.absolute() / "shards"
    return Store(folder) if url is None else ObjectStore(url, folder)
