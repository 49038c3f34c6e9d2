"""Archives of the download service of the Géoplateforme, chosen in its lists: OCS GE, car parks."""

import re
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path, PurePosixPath

from pipeline.errors import AbsentError, ServiceError, SourceError
from pipeline.ingestion.archive_members import seven_zip_names, stream_7z_member
from pipeline.ingestion.atom import Entry, Feed, read_feed
from pipeline.ingestion.evidence import Facts
from pipeline.ingestion.evidence_records import Evidence
from pipeline.ingestion.exchange import Answer, Request
from pipeline.ingestion.live_pages import UnfitError, fitting
from pipeline.ingestion.live_settings import Product
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.services import Service
from pipeline.ingestion.wanted import Archive, Listed, Make, Member

SERVICE = "geoplateforme_download"
# What goes in an address, and in the name of a file.
_TITLE = re.compile(r"[A-Za-z0-9._-]+")
_YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")
_DAY = re.compile(r"(?<![0-9])20[0-9]{2}-[0-9]{2}-[0-9]{2}(?![0-9])")
_ARCHIVE = re.compile(r"\.7z(?:\.[0-9]+)?$")  # a big one may come in volumes
_SUFFIXES = {"GPKG": (".gpkg",), "SHP": (".shp", ".dbf", ".prj", ".shx", ".cpg")}


def archives_of(departement: str, service: Service, folders: Iterable[str]) -> list[Listed]:
    """
    Return the declared products of some folders, for a département (or the national archive).

    Of each vintage, the newest edition is taken, in the best of the declared formats.

    Parameters
    ----------
    departement
        `62`, `2A`, `971`.
    service
        Gives the products; without any, nothing is asked.
    folders
        Folders of the data that are wanted.
    """
    if service.downloads is None:
        return []
    size, wanted = service.downloads.page_size, set(folders)
    return [
        _listed(product, f"D{departement:0>3}", size)
        for product in service.downloads.products
        if product.folder in wanted
    ]


def _listed(product: Product, zone: str, size: int) -> Listed:
    area = {"zone": zone} if product.by_departement else {}
    path = f"resource/{product.resource}"
    expand = partial(_expand, product=product, zone=zone, path=path, area=area, size=size)
    return Listed(product.folder, _page(path, area, 1, size), expand)


def _page(path: str, area: dict[str, str], page: int, size: int) -> Request:
    return Request(SERVICE, path, ("text",), {**area, "page": str(page), "limit": str(size)})


def _expand(
    retrieval: Retrieval, product: Product, zone: str, path: str, area: dict[str, str], size: int
) -> list[Archive]:
    where = _page(path, area, 1, size).where(retrieval.transport.services[SERVICE])
    entries = _entries(retrieval, path, area, size, where)
    chosen = _chosen(entries, product, zone)
    if not chosen:
        place = f" pour {zone}" if product.by_departement else ""
        msg = f"{where} : aucune archive{place} parmi {len(entries)} ; voir le site du producteur"
        raise AbsentError(msg)
    return [_archive(retrieval, product, name, entry.title, size) for name, entry in chosen.items()]


def _entries(
    retrieval: Retrieval, path: str, area: dict[str, str], size: int, where: str
) -> list[Entry]:
    """Return every entry of a list, page after page, as many as it announces."""

    def collect(renew: bool) -> list[Evidence]:
        pages: list[Evidence] = []
        count = 1
        while len(pages) < count:
            request = _page(path, area, len(pages) + 1, size)
            pages.append(retrieval.get(request, _read_page, renew=renew))
            count = _feed(retrieval, pages[-1], where).pages
        total = _feed(retrieval, pages[0], where).total
        found = sum(len(_feed(retrieval, page, where).entries) for page in pages)
        if total is not None and found != total:
            msg = f"{where} : {found} entrées reçues sur {total} annoncées ; relancer"
            raise UnfitError(msg)
        return pages

    pages = fitting(collect, where)
    return [entry for page in pages for entry in _feed(retrieval, page, where).entries]


def _feed(retrieval: Retrieval, page: Evidence, where: str) -> Feed:
    return read_feed(retrieval.store.verified(page).read_bytes(), where)


def _read_page(answer: Answer, where: str) -> Facts:
    return Facts(row_count=read_feed(answer.path.read_bytes(), where).total)


def _chosen(entries: Sequence[Entry], product: Product, zone: str) -> dict[str, Entry]:
    """Return the entry to take of each vintage, under the start of the names of its files."""
    best: dict[str, tuple[tuple[int, str, str], Entry]] = {}
    for entry in entries:
        kind = _kind(entry, product)
        if kind is None or not _is_of_zone(entry, product, zone):
            continue
        name = _name(entry, product, zone)
        rank = (-product.formats.index(kind), entry.edition, entry.title)
        # Every edition of a national product is the whole of it: the newest one is enough.
        key = name if product.by_departement else product.file
        if key not in best or rank > best[key][0]:
            best[key] = (rank, entry)
    return {_name(entry, product, zone): entry for _, (_, entry) in sorted(best.items())}


def _kind(entry: Entry, product: Product) -> str | None:
    """Return the format of a wanted archive; None for an archive that is not wanted."""
    is_wanted = _TITLE.fullmatch(entry.title) and re.search(product.title, entry.title)
    if not is_wanted or (product.not_title and re.search(product.not_title, entry.title)):
        return None
    return next((kind for kind in product.formats if f"_{kind}_" in entry.title), None)


def _is_of_zone(entry: Entry, product: Product, zone: str) -> bool:
    """Tell whether an archive is of the zone: a filter that a service does not know is ignored."""
    return not product.by_departement or f"_{zone}_" in f"{entry.title}_"


def _name(entry: Entry, product: Product, zone: str) -> str:
    """Return the start of the names of the files: a new edition takes the place of the former."""
    if not product.by_departement:
        return f"{product.file}-{_day(entry)}"
    before, after = f"{entry.title}_".split(f"_{zone}_", 1)
    # OCS-GE_2-0__GPKG_LAMB93_D062_2021-01-01; with a year before, what follows is the delivery.
    years = [*_YEAR.findall(before), *_YEAR.findall(after)]
    return f"{product.file}-{zone}_{years[0] if years else _day(entry)[:4]}"


def _day(entry: Entry) -> str:
    found = _DAY.findall(entry.title) or _DAY.findall(entry.edition)
    return found[-1] if found else "sans-date"


def _archive(retrieval: Retrieval, product: Product, name: str, title: str, size: int) -> Archive:
    path = f"resource/{product.resource}/{title}"
    where = _page(path, {}, 1, size).where(retrieval.transport.services[SERVICE])
    files = [it for it in _entries(retrieval, path, {}, size, where) if _ARCHIVE.search(it.file)]
    if len(files) != 1 or not files[0].file.endswith(".7z") or not _TITLE.fullmatch(files[0].file):
        what = ", ".join(it.file for it in files)[:100] or "aucun fichier .7z"
        msg = f"{where} : une archive .7z attendue, {what} ; la déposer à la main"
        raise ServiceError(msg)
    (file,) = files
    address = f"download/{product.resource}/{title}/{file.file}"
    replaces = None if product.by_departement else rf"{product.folder}/{product.file}-.*"
    return Archive(
        f"{product.folder}/{name}*",
        Request(SERVICE, address, ("7z",), md5=file.md5),
        partial(_read_archive, product=product, name=name),
        partial(_members, product=product, name=name, label=f"{where}, {file.file}"),
        size=file.size,
        replaces=replaces,
    )


def _read_archive(answer: Answer, where: str, *, product: Product, name: str) -> Facts:
    try:
        names = seven_zip_names(answer.path, where)
    except SourceError as error:
        raise ServiceError(str(error)) from error
    _wanted(names, product, where)
    day = _DAY.search(name) or _YEAR.search(name)
    return Facts(vintage=day[0] if day else None)


def _wanted(names: Sequence[str], product: Product, where: str) -> list[str]:
    """Return the files of an archive to take, of the best format that it holds."""
    for kind in product.formats:
        suffixes = _SUFFIXES[kind]
        found = [
            name
            for name in names
            if PurePosixPath(name).suffix.lower() in suffixes
            and re.fullmatch(product.members, PurePosixPath(name).stem, re.IGNORECASE)
        ]
        if any(name.lower().endswith(suffixes[0]) for name in found):
            return found
    there = ", ".join(PurePosixPath(name).name for name in names)[:200]
    msg = f"{where} : archive sans couche {product.members} (elle contient {there}) ; la déposer"
    raise ServiceError(msg)


def _members(path: Path, product: Product, name: str, label: str) -> list[Member]:
    found = _wanted(seven_zip_names(path, label), product, label)
    places = [
        f"{product.folder}/{name}-{PurePosixPath(it).stem.lower()}{PurePosixPath(it).suffix.lower()}"
        for it in found
    ]
    if len(set(places)) < len(places):
        msg = f"{label} : archive qui contient deux fois la même couche ; la déposer à la main"
        raise ServiceError(msg)
    return [Member(place, _copy_of(it, label)) for place, it in zip(places, found, strict=True)]


def _copy_of(member: str, label: str) -> Make:
    def make(paths: Sequence[Path]) -> Iterable[bytes]:
        return stream_7z_member(paths[0], member, label)

    return make
