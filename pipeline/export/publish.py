"""One commune's product: written under a temporary name, checked, then swapped in."""

import filecmp
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pyogrio.errors import DataLayerError, DataSourceError

from pipeline.errors import PublicationError
from pipeline.export.conformance import findings
from pipeline.export.geopackage import filled, stamp, write_layers
from pipeline.export.iso import iso_document
from pipeline.export.land_note import land_note
from pipeline.export.layers import LAYERS
from pipeline.export.licences import credit_line, licence_rows
from pipeline.export.metadata import abstract_of, record_of, title_of
from pipeline.export.product import Product, check_tables
from pipeline.export.project import PROJECT_NAME, Frame, Licence, project_document
from pipeline.export.project_layers import Contents, shown_layers
from pipeline.export.qgis_xml import archive_hex
from pipeline.export.registry import write_metadata, write_project
from pipeline.export.review import prepare_review
from pipeline.export.seal import seal, settle, swap, sweep, temporary_beside

_SHOWN = 3


@dataclass(frozen=True)
class Result:
    """A published commune: its tables, where they are, and what to say about them."""

    product: Product
    path: Path
    warnings: tuple[str, ...]


def publish(
    product: Product,
    out: Path,
    *,
    overwrite: bool = True,
    on_remark: Callable[[str], None] = lambda _: None,
) -> Path:
    """
    Write `OUT/DEP/INSEE.gpkg`; `INSEE_revue.gpkg` beside it is made or completed, never replaced.

    The new file takes the place of the old one only when it is whole, checked and on the disk;
    until then, and whatever fails, the old one is not touched. The same product gives the same
    bytes in any folder; where the published file already has them, it is left alone.

    Parameters
    ----------
    product
        Tables of the commune, in the territory CRS.
    out
        Root of the products; folders are made as needed.
    overwrite
        Replace a published file whose content differs; without it, such a file is an error.
    on_remark
        Told, in French, what the agents should know of their file.

    Returns
    -------
    path
        The published file.

    Raises
    ------
    ContractError
        If a table of the product breaks its contract.
    PublicationError
        If the old file is open for editing, differs and may not be replaced, the new one does not
        conform, or the disk refuses.
    """
    check_tables(product)
    folder = out / product.departement
    path = folder / f"{product.insee_code}.gpkg"
    review = folder / f"{product.insee_code}_revue.gpkg"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sweep(review)
        settle(path)  # before the work, so that an agent at the keyboard is known at once
        with temporary_beside(path) as temporary:
            _write(product, temporary, path.name, review.name)
            seal(temporary)
            _refuse_faults(temporary, path)
            for remark in prepare_review(review, product.territory, stamp(product.as_of)):
                on_remark(remark)
            _put_in_place(temporary, path, overwrite=overwrite)
    except PublicationError:
        raise
    except (OSError, sqlite3.Error, DataSourceError, DataLayerError) as error:
        reason = " ".join(str(error).split())
        msg = f"{path} : écriture impossible ({reason}) ; vérifier la place et les droits"
        raise PublicationError(msg) from error
    return path


def publish_note(product: Product, out: Path) -> Path:
    """
    Write `OUT/DEP/INSEE_note.html`, the method note of the land, in the place of the former one.

    Raises
    ------
    PublicationError
        If the disk refuses.
    """
    path = out / product.departement / f"{product.insee_code}_note.html"
    try:
        with temporary_beside(path) as temporary:
            temporary.write_text(land_note(product), encoding="utf-8", newline="\n")
            swap(temporary, path)
    except OSError as error:
        msg = f"{path} : écriture impossible ({error.strerror}) ; vérifier la place et les droits"
        raise PublicationError(msg) from error
    return path


def _put_in_place(temporary: Path, path: Path, *, overwrite: bool) -> None:
    settle(path)
    if path.exists():
        if filecmp.cmp(temporary, path, shallow=False):
            return
        if not overwrite:
            msg = f"{path} : existe déjà avec un autre contenu ; --overwrite le remplace"
            raise PublicationError(msg)
    swap(temporary, path)


def _write(product: Product, path: Path, product_file: str, review_file: str) -> None:
    """Write the layers, then all that the file says of itself, in one transaction."""
    moment = stamp(product.as_of)
    west, south, east, north = product.commune.total_bounds
    frame = Frame(
        title=title_of(product),
        abstract=abstract_of(product),
        epsg=product.territory.epsg,
        bounds=(float(west), float(south), float(east), float(north)),
        shown=shown_layers(
            Contents(
                product_file=product_file,
                review_file=review_file,
                vintages=product.land.vintages,
                derived=product.land.derived,
                periods=product.land.periods,
                has_parks=len(product.lots) > 0,
            )
        ),
        credit=credit_line(product.records),
        licences=_licences(product),
    )
    with filled(path, LAYERS, product.territory.crs) as connection:
        write_layers(product, connection)
        write_metadata(connection, iso_document(record_of(product)), moment)
        content = archive_hex(project_document(frame))
        write_project(connection, PROJECT_NAME, content, moment)


def _licences(product: Product) -> dict[str, tuple[Licence, ...]]:
    """Return the licences of each layer, as its project tells them."""
    found: dict[str, tuple[Licence, ...]] = {}
    for row in licence_rows(product).to_dict("records"):
        licence = Licence(str(row["licence"]), str(row["attribution"]), str(row["remark"]))
        found[str(row["layer"])] = (*found.get(str(row["layer"]), ()), licence)
    return found


def _refuse_faults(temporary: Path, path: Path) -> None:
    faults = findings(temporary, path.name)
    if faults:
        shown = " | ".join(faults[:_SHOWN])
        msg = f"{path} : produit non conforme, {len(faults)} constat(s) : {shown} ; non publié"
        raise PublicationError(msg)
