"""ODS files written by hand: the smallest zip that a spreadsheet program accepts."""

import datetime as dt
import io
import zipfile
from xml.sax.saxutils import escape

MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
_NAMESPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"'
    for prefix in ("office", "table", "text")
)
_MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{MIMETYPE}"/>'
    "</manifest:manifest>"
)


def ods(*sheets):
    """Pack sheets, each a list of rows of cells (text, number, date, boolean or None)."""
    tables = "".join(
        f'<table:table table:name="Feuille{rank}">{"".join(map(_row, rows))}</table:table>'
        for rank, rows in enumerate(sheets, 1)
    )
    return ods_of(tables)


def ods_of(tables):
    """Pack the XML of some tables."""
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_NAMESPACES}>'
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", MIMETYPE)
        archive.writestr("content.xml", content, zipfile.ZIP_DEFLATED)
        archive.writestr("META-INF/manifest.xml", _MANIFEST)
    return buffer.getvalue()


def _row(cells):
    return f"<table:table-row>{''.join(map(_cell, cells))}</table:table-row>"


def _cell(value):
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, bool):
        kind = f'boolean" office:boolean-value="{str(value).lower()}'
    elif isinstance(value, dt.date):
        kind = f'date" office:date-value="{value.isoformat()}'
    elif isinstance(value, (int, float)):
        kind = f'float" office:value="{value}'
    else:
        kind = "string"
    text = escape(str(value))
    return (
        f'<table:table-cell office:value-type="{kind}"><text:p>{text}</text:p></table:table-cell>'
    )
