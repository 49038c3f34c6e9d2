"""The Atom lists of the download service of the Géoplateforme."""

import re
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from pipeline.errors import ServiceError

_ATOM = "{http://www.w3.org/2005/Atom}"
_MD5 = re.compile(r"[0-9a-fA-F]{32}")


@dataclass(frozen=True)
class Entry:
    """
    One entry of a list: an edition of a product, or a file of an edition.

    `file` is the end of its address, `size` its size in bytes and `md5` its digest, where the list
    tells them; `edition` is the day of the edition, empty where it is not told.
    """

    title: str
    file: str
    edition: str
    size: int | None
    md5: str | None


@dataclass(frozen=True)
class Feed:
    """One page: its entries, how many pages the list has, and how many entries in all if told."""

    entries: tuple[Entry, ...]
    pages: int
    total: int | None


def read_feed(content: bytes, where: str) -> Feed:
    """
    Read one page of a list.

    Raises
    ------
    ServiceError
        If it is no Atom document, or declares entities: a list has none.
    """
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        msg = f"{where} : liste XML avec des entités ; réponse refusée"
        raise ServiceError(msg)
    try:
        root = ET.fromstring(content)  # noqa: S314 - without entities, refused above
    except ET.ParseError as error:
        msg = f"{where} : liste XML mal formée ({error}) ; relancer plus tard"
        raise ServiceError(msg) from error
    if root.tag != f"{_ATOM}feed":
        msg = f"{where} : liste Atom attendue, « {root.tag[:60]} » reçu ; relancer plus tard"
        raise ServiceError(msg)
    facts = {name.rsplit("}", 1)[-1]: value for name, value in root.attrib.items()}
    entries = tuple(_entry(item) for item in root.iter(f"{_ATOM}entry"))
    return Feed(entries, _number(facts.get("pagecount")) or 1, _number(facts.get("totalentries")))


def _entry(item: ET.Element) -> Entry:
    link = item.find(f"{_ATOM}link")
    facts = {} if link is None else {k.rsplit("}", 1)[-1]: v for k, v in link.attrib.items()}
    address = facts.get("href") or item.findtext(f"{_ATOM}id") or ""
    told = {child.tag.rsplit("}", 1)[-1]: (child.text or "").strip() for child in item}
    content = told.get("content", "")
    return Entry(
        title=told.get("title", ""),
        file=address.rstrip("/").rsplit("/", 1)[-1],
        edition=told.get("editionDate", ""),
        size=_number(facts.get("length")),
        md5=content.lower() if _MD5.fullmatch(content) else None,
    )


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
