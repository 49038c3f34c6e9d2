"""The files of one source folder: found, opened if they are archives, recognised, hashed."""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.disk import sha256_of
from pipeline.errors import SourceError
from pipeline.ingestion.archives import unpack
from pipeline.ingestion.formats import ARCHIVES, DATA, EXPLANATIONS, SIDECARS, Format, sniff

_SHAPEFILE_PARTS = (".cpg", ".dbf", ".prj", ".shp", ".shx")
_EXTENSION: dict[Format, str] = {
    "geopackage": ".gpkg",
    "geojson": ".geojson",
    "shapefile": ".shp",
    "edigeo": ".THF",
    "osm_xml": ".osm",
    "osm_pbf": ".pbf",
    "tiff": ".tif",
}


@dataclass(frozen=True)
class SourceFile:
    """
    One file to read.

    `name` is its path relative to the data folder, in one line; `path` is where it can be opened
    (a temporary folder for the members of an archive); `sha256` is that of the deposited file.
    `damage` says in French why a file named as data cannot be read; None for any other. `member`
    is its path in the archive that holds it; `store` is where copies of what it holds may be.
    """

    folder: str
    name: str
    path: Path
    format: Format
    sha256: str
    damage: str | None = None
    member: str = ""
    store: Path | None = field(default=None, compare=False)

    @property
    def stem(self) -> str:
        """Name of the file without folder nor extension, as it was deposited."""
        return Path(self.name).name.split(".")[0]

    def row_id(self, layer: str, rank: object) -> str:
        """Return an id for a row that has none: file, layer if it has another name, rank."""
        base = self.name.removeprefix(f"{self.folder}/").split(".")[0]
        return f"{base}/{rank}" if layer.lower() == self.stem.lower() else f"{base}/{layer}/{rank}"


class Desk:
    """
    Where files are hashed and opened: here, a temporary folder, anew each time.

    Parameters
    ----------
    work
        Receives what archives hold, and files under a name that drivers accept.
    """

    def __init__(self, work: Path) -> None:
        self._work = work

    def sha256(self, path: Path) -> str:
        """Return the digest of a file, of all its parts for a shapefile."""
        return file_digest(path)

    def unpacked(self, path: Path, found: Format, name: str, place: str, sha256: str) -> Path:  # noqa: ARG002 - for those that keep what they unpack
        """Return the folder of what an archive holds; `place` is a new one, in `work`."""
        into = self._work / place
        unpack(path, found, into, name)
        return into

    def openable(self, path: Path, found: Format, sha256: str) -> Path:  # noqa: ARG002 - idem
        """Return a path that the drivers accept: the right extension, no `!`, no line break."""
        digest = hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()
        return renamed(path, found, self._work / "noms" / digest[:16]) or path.resolve()


def find_files(
    data: Path, folder: str, work: Path, *, desk: Desk | None = None
) -> tuple[SourceFile, ...] | None:
    """
    List the files of a source folder, archives opened, in the order of their names.

    Parameters
    ----------
    data
        Folder of the sources.
    folder
        Name of one source, `osm` for instance.
    work
        Temporary folder that receives what archives hold.
    desk
        Where files are hashed and opened; `work` by default.

    Returns
    -------
    files
        None when the folder is absent. Files of unknown format are in the list, so that they can
        be reported; the companions of a shapefile and explanatory texts are not.

    Raises
    ------
    SourceError
        If the folder holds no readable file, or an archive or a file cannot be opened.
    """
    root = data / folder
    if not root.is_dir():
        return None
    try:
        files = tuple(_expand(data, folder, desk or Desk(work)))
    except (PermissionError, IsADirectoryError) as error:
        msg = f"{folder}/ : fichier illisible ({error.strerror}) ; vérifier les droits"
        raise SourceError(msg) from error
    if all(file.format == "unknown" and file.damage is None for file in files):
        msg = f"{folder}/ : aucun fichier lisible dans ce dossier ; le remplir ou le retirer"
        raise SourceError(msg)
    return files


def _expand(data: Path, folder: str, desk: Desk) -> Iterator[SourceFile]:
    paths = {path: sniff(path) for path in candidates(data / folder)}
    # Users were once told to deposit beside a 7z what it holds: read twice, it would be refused.
    is_extracted = any(found not in {"7z", "unknown"} for found in paths.values())
    for number, (path, found) in enumerate(paths.items()):
        name = _shown(path.relative_to(data))
        sha256 = desk.sha256(path)
        if found == "7z" and is_extracted:
            yield SourceFile(folder, name, path.resolve(), "unknown", sha256)
        elif found in ARCHIVES:
            into = desk.unpacked(path, found, name, f"{folder}/{number}", sha256)
            # An archive that holds no data is still a file of the folder: reported, not skipped.
            nothing = (SourceFile(folder, name, path.resolve(), "unknown", sha256),)
            yield from tuple(_members(folder, name, into, sha256, desk)) or nothing
        elif not (found in {"csv", "unknown"} and path.suffix.lower() in EXPLANATIONS):
            opened = desk.openable(path, found, sha256)
            yield SourceFile(folder, name, opened, found, sha256, _damage(path, found))


def _members(
    folder: str, archive: str, into: Path, sha256: str, desk: Desk
) -> Iterator[SourceFile]:
    paths = list(candidates(into))
    for path in paths:
        found = sniff(path)
        if found in {"csv", "unknown"} and path.suffix.lower() in EXPLANATIONS:
            continue
        damage = _damage(path, found)
        # An archive in an archive is not opened: it is reported as unknown.
        found = "unknown" if found in ARCHIVES else found
        member = path.relative_to(into).as_posix()
        name = archive if len(paths) == 1 else f"{archive}/{_shown(path.relative_to(into))}"
        opened = desk.openable(path, found, f"{sha256}/{member}")
        yield SourceFile(folder, name, opened, found, sha256, damage, member)


def _damage(path: Path, found: Format) -> str | None:
    """Tell what is wrong with a file named as data whose content is something else."""
    suffix = path.suffix.lower()
    is_readable = found != "unknown" and not (suffix == ".geojson" and found == "json")
    if suffix not in DATA or is_readable:
        return None
    if path.stat().st_size == 0:
        return "fichier vide ; le redéposer ou le retirer"
    return f"contenu non reconnu pour un fichier {suffix} ; le redéposer ou le retirer"


def candidates(root: Path) -> Iterator[Path]:
    """Yield the files of a folder that may be sources, in the order of their names."""
    for path in sorted(root.rglob("*")):
        hidden = any(part.startswith((".", "__MACOSX")) for part in path.relative_to(root).parts)
        if path.is_file() and not hidden and path.suffix.lower() not in SIDECARS:
            yield path


def renamed(path: Path, found: Format, target: Path) -> Path | None:
    """Copy a file whose name no driver would accept to a new folder; None for any other."""
    extension = _EXTENSION.get(found)
    odd = "!" in str(path) or not str(path).isprintable()
    if extension is None or not (odd or not path.name.endswith(extension)):
        return None
    if not odd and found not in {"geopackage", "shapefile", "osm_xml", "osm_pbf"}:
        return None
    target.mkdir(parents=True, exist_ok=True)
    for part in parts_of(path) if found == "shapefile" else (path,):
        shutil.copyfile(
            part, target / f"couche{part.suffix.lower() if part != path else extension}"
        )
    return target / f"couche{extension}"


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of all parts of a shapefile, in hexadecimal."""
    return sha256_of(*parts_of(path))


def parts_of(path: Path) -> list[Path]:
    """Return the file, or all parts of a shapefile in the order of their names."""
    if path.suffix.lower() != ".shp":
        return [path]
    return sorted(
        part
        for part in path.parent.iterdir()
        if part.stem == path.stem and part.suffix.lower() in _SHAPEFILE_PARTS
    )


def _shown(path: Path) -> str:
    """Return a path that holds in one line whatever the name of the file."""
    return "".join(c if c.isprintable() else "?" for c in path.as_posix())
