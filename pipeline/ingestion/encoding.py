"""Text as it was typed: UTF-8 when the bytes are, else Windows Latin-1; double encoding undone."""

import codecs
import struct
from pathlib import Path

import pandas as pd

_CHUNK = 1024**2
FALLBACK = "cp1252"
LATIN_1 = "texte Latin-1 (cp1252) converti"
_DBF_HEADER_LENGTH_AT = 8
# First half of an accented letter whose UTF-8 bytes were read as Latin-1: « Ã© » for « é ».
_DOUBLE = "[ÃÂ]"


def is_utf8(path: Path, start: int = 0) -> bool:
    """Tell whether the bytes of a file, from `start`, are UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as stream:
        stream.seek(start)
        try:
            while chunk := stream.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def shapefile_encoding(shp: Path) -> str | None:
    """Return the encoding of the table of a shapefile, from its bytes; None without a table."""
    dbf = next((shp.with_suffix(end) for end in (".dbf", ".DBF") if _exists(shp, end)), None)
    if dbf is None:
        return None
    with dbf.open("rb") as stream:
        header = stream.read(_DBF_HEADER_LENGTH_AT + 2)
    start = struct.unpack_from("<H", header, _DBF_HEADER_LENGTH_AT)[0] if len(header) > 9 else 0  # noqa: PLR2004 - two bytes
    return "UTF-8" if is_utf8(dbf, start) else "CP1252"


def decode(raw: bytes) -> tuple[str, str]:
    """Return a text and the encoding that reads it: UTF-8, else Windows Latin-1."""
    try:
        return raw.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        return raw.decode(FALLBACK, errors="replace"), FALLBACK


def undo_double_encoding(text: "pd.Series[str]") -> "pd.Series[str]":
    """Return « Théâtre » for « ThÃ©Ã¢tre »; what is no double encoding is left as it is."""
    suspects = text.str.contains(_DOUBLE, regex=True, na=False)
    if not suspects.any():
        return text
    mended = text.astype(object)
    mended[suspects] = [_undo(value) for value in text[suspects]]
    return mended.astype("str")


def _undo(value: str) -> str:
    try:
        return value.encode(FALLBACK).decode("utf-8")
    except UnicodeError:
        return value


def _exists(shp: Path, end: str) -> bool:
    return shp.with_suffix(end).exists()
