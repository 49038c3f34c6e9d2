"""Whether a downloaded content is the answer, and the whole of it."""

import gzip
import hashlib
import json
import os
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import py7zr

from pipeline.errors import ServiceError
from pipeline.ingestion.exchange import Kind, Request
from pipeline.ingestion.formats import HEAD_BYTES, Format, sniff_bytes
from pipeline.ingestion.refusals import PassingError, one_line

_CHUNK = 1024**2
_LARGEST_PARSED = 256 * 1024**2
_END_BYTES = 64
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)",
    re.IGNORECASE | re.DOTALL,
)
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_KINDS: dict[Format, Kind] = {
    "json": "json",
    "geojson": "json",
    "overpass": "json",
    "gzip": "gzip",
    "zip": "zip",
    "7z": "7z",
    "osm_pbf": "osm_pbf",
    "tiff": "tiff",
}
_CUT = "contenu abîmé ou coupé avant sa fin ; relancer"
_PBF_LENGTH = 4
_PBF_DATASIZE = 0x18
_VARINT_BITS, _VARINT_LAST = 7, 0x7F
_PBF_LARGEST_HEADER = 64 * 1024


def decoded(path: Path, encoding: str, largest: int, where: str) -> Path:
    """
    Return the content freed of the encoding of its transport, beside `path` (or `path` itself).

    Raises
    ------
    PassingError
        If the encoded content ends early or is damaged.
    ServiceError
        If the encoding was not asked for, or the content exceeds `largest` bytes.
    """
    if encoding in {"", "identity"}:
        return path
    if encoding not in {"gzip", "x-gzip"}:
        msg = f"{where} : encodage « {one_line(encoding)} » inconnu ; le signaler au producteur"
        raise ServiceError(msg)
    target = path.with_suffix(".decoded")
    try:
        with target.open("wb") as output:
            _inflate(path, largest, where, output.write)
    except OSError:  # a refusal is one
        target.unlink(missing_ok=True)
        raise
    return target


def check_answer(path: Path, request: Request, largest: int, where: str) -> None:
    """
    Refuse a content that is not of one of the kinds asked for, or that is not whole.

    Whole means: JSON that parses, a gzip read to its checksum, a ZIP or 7z with its table, an
    OSM file whose blocks add up, and the digest that the service announces where it does.

    Raises
    ------
    PassingError
        If the content is damaged or cut: asked again, it may come whole.
    ServiceError
        If the content is something else: a web page, an error in XML.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not head:
        msg = f"{where} : réponse vide ; relancer plus tard"
        raise PassingError(msg)
    kind = _kind(head, request, where)
    if not _is_whole(path, kind, largest, where):
        msg = f"{where} : {_CUT}"
        raise PassingError(msg)
    if request.md5 is not None and _md5(path) != request.md5.lower():
        msg = f"{where} : somme md5 différente de celle que le service annonce ; relancer"
        raise PassingError(msg)


def refuse_page(head: bytes, where: str) -> None:
    """
    Refuse a content that begins as a web page: firewalls and maintenance give them as answers.

    Raises
    ------
    ServiceError
        With the title of the page.
    """
    if _HTML.match(head):
        title = _TITLE.search(head)
        shown = one_line(title[1].decode("utf-8", "replace")) if title else "sans titre"
        msg = f"{where} : page web (« {shown} ») au lieu de la réponse ; relancer plus tard"
        raise ServiceError(msg)


def _kind(head: bytes, request: Request, where: str) -> Kind:
    refuse_page(head, where)
    kind: Kind = _KINDS.get(sniff_bytes(head), "text")
    if kind in request.kinds:
        return kind
    if "text" in request.kinds:
        return "text"
    shown = one_line(head.decode("utf-8", "replace")) if kind == "text" else kind
    msg = f"{where} : contenu inattendu (« {shown} ») ; vérifier la demande, relancer plus tard"
    raise ServiceError(msg)


def _is_whole(path: Path, kind: Kind, largest: int, where: str) -> bool:
    if kind == "gzip":
        _inflate(path, largest, where, len)
        return True
    return _WHOLE[kind](path) if kind in _WHOLE else True


def _inflate(path: Path, largest: int, where: str, use: Callable[[bytes], object]) -> None:
    size = 0
    try:
        with gzip.open(path) as stream:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > largest:
                    msg = f"{where} : plus de {largest} octets décompressés ; réponse refusée"
                    raise ServiceError(msg)
                use(chunk)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        msg = f"{where} : {_CUT}"
        raise PassingError(msg) from error


def _json_parses(path: Path) -> bool:
    if path.stat().st_size > _LARGEST_PARSED:  # ten times as much in memory: its ends must do
        with path.open("rb") as stream:
            stream.seek(-_END_BYTES, os.SEEK_END)
            return stream.read().rstrip()[-1:] in {b"}", b"]"}
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    return True


def _zip_has_its_table(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path):
            return True
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def _7z_has_its_table(path: Path) -> bool:
    try:
        with py7zr.SevenZipFile(path):
            return True
    except (py7zr.exceptions.ArchiveError, EOFError, ValueError, OSError):
        return False


def _pbf_blocks_add_up(path: Path) -> bool:
    """Walk the blocks of an OSM file by their lengths: the last one ends where the file does."""
    end = path.stat().st_size
    with path.open("rb") as stream:
        while length := stream.read(_PBF_LENGTH):
            size = int.from_bytes(length, "big")
            if len(length) < _PBF_LENGTH or size > _PBF_LARGEST_HEADER:
                return False
            body = _pbf_body_size(stream.read(size))
            if body is None or stream.tell() + body > end:
                return False
            stream.seek(body, 1)
    return True


def _pbf_body_size(header: bytes) -> int | None:
    """Return `datasize` (protobuf field 3, a varint) of a block header; None when it is cut."""
    at = 0
    while at < len(header):
        tag = header[at]
        value, at = _varint(header, at + 1)
        if tag == _PBF_DATASIZE:
            return value
        at += value  # the other fields are texts, told by their length
    return None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a protobuf integer and where the next field begins."""
    value = 0
    for rank, byte in enumerate(data[at:]):
        value |= (byte & _VARINT_LAST) << (_VARINT_BITS * rank)
        if byte <= _VARINT_LAST:  # else the high bit says that more follows
            return value, at + rank + 1
    return value, len(data)


def _md5(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


_WHOLE: dict[Kind, Callable[[Path], bool]] = {
    "json": _json_parses,
    "zip": _zip_has_its_table,
    "7z": _7z_has_its_table,
    "osm_pbf": _pbf_blocks_add_up,
}
