"""Archives that the bulk services give, made in the tests: layers, rows of owners, lists."""

import hashlib
import io
import tempfile
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import geopandas as gpd
import py7zr
import pyogrio
from shapely.geometry import box

from tests.tables import L93, X0, Y0

DATASET = "fichiers-des-locaux-et-des-parcelles-des-personnes-morales"
OWNERS = [
    "fichier_des_locaux_situation_2025_zip",
    "fichier_des_parcelles_situation_2025_dpts_01_a_56_zip",
    "fichier_des_parcelles_situation_2025_dpts_57_a_976_zip",
    "fichier_des_parcelles_situation_2024_dpts_01_a_60_zip",
    "fichiers_des_parcelles_situation_2024_dpts_61_a_976_zip",
]
TITLES = ";".join(f"Colonne {number}" for number in range(24))


def attachments(*names):
    """What the portal answers when the attached files of a dataset are listed."""
    base = f"https://data.example/api/v2/catalog/datasets/{DATASET}/attachments"
    return {"attachments": [{"href": f"{base}/{name}", "metas": {"title": name}} for name in names]}


def owner(departement, commune, number, name="COMMUNE DE SUR-PARZAN"):
    """A row of the file of parcels, in the form of 2024 and later."""
    row = [""] * 24
    row[0], row[1], row[2], row[5], row[6] = departement, "0", commune, "A", str(number)
    row[17], row[19], row[20], row[23] = "P - Propriétaire", "216209999", "4 - Commune", name
    return ";".join(row)


def owners_csv(*rows):
    return ("\n".join([TITLES, *rows]) + "\n").encode()


def zipped(**members):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def sevened(members):
    held = io.BytesIO()
    with py7zr.SevenZipFile(held, "w") as archive:
        for name, content in members.items():
            archive.writestr(content, name)
    return held.getvalue()


def layer(name, *rows, crs=L93):
    """The bytes of a GeoPackage of rectangles in metres from the origin of the tests."""
    shapes = [box(X0 + x0, Y0 + y0, X0 + x1, Y0 + y1) for (x0, y0, x1, y1), _ in rows]
    table = gpd.GeoDataFrame([facts for _, facts in rows], geometry=shapes, crs=L93).to_crs(crs)
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "a.gpkg"
        pyogrio.write_dataframe(table, path, layer=name)
        return path.read_bytes()


def land(year, use="US5"):
    facts = {"code_cs": "CS1.1.1.1", "code_us": use, "millesime": str(year), "ossature": 0}
    return layer("OCCUPATION_SOL", ((-1000, -1000, 1000, 1000), {"id": "OCSGE1", **facts}))


def ocsge_7z(year, use="US5"):
    """A delivery of OCS GE, with what lies around its layers."""
    top = f"OCS-GE/1_DONNEES_LIVRAISON_{year}-09-00001/OCSGE_2-0_GPKG_LAMB93_D62-{year}"
    built = layer("ZONE_CONSTRUITE", ((0, 0, 100, 100), {"id": "Z1", "millesime": str(year)}))
    return sevened(
        {
            f"{top}/OCCUPATION_SOL.gpkg": land(year, use),
            f"{top}/ZONE_CONSTRUITE.gpkg": built,
            "OCS-GE/3_SUPPLEMENTS_LIVRAISON/NomenclatureOCSGE.csv": b"code;libelle\n",
        }
    )


def parks_7z():
    """The national archive of car parks over 500 m²: degrees, whatever its name says."""
    facts = {"Surfm2": 600.0, "TYPE": "Parking", "Typologie": "Surface", "DPT": "62"}
    parks = layer("Parkings_sup500m2", ((0, 0, 30, 20), facts), crs="EPSG:4326")
    return sevened({"ENR/1_DONNEES/L15_Parkings_sup500m2_EPSG4326.gpkg": parks})


def feed(*entries, pages=1, total=None):
    """A list of the download service."""
    count = len(entries) if total is None else total
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"'
        ' xmlns:gpf_dl="https://data.geopf.fr/annexes/ressources/xsd/gpf_dl.xsd"'
        f' gpf_dl:page="1" gpf_dl:pagecount="{pages}" gpf_dl:totalentries="{count}">'
        f"{''.join(entries)}</feed>"
    )


def edition(title, day=""):
    return (
        f"<entry><title>{escape(title)}</title><link rel='alternate' type='application/atom+xml'"
        f" href='https://data.geopf.example/telechargement/resource/X/{escape(title)}'/>"
        f"<content>{escape(title)}</content><gpf_dl:editionDate>{day}</gpf_dl:editionDate></entry>"
    )


def file_entry(name, content, md5=None):
    digest = md5 or hashlib.md5(content, usedforsecurity=False).hexdigest()
    return (
        f"<entry><title>{name}</title><link rel='alternate' type='application/x-7z-compressed'"
        f" gpf_dl:length='{len(content)}' href='https://data.geopf.example/download/X/{name}'/>"
        f"<content>{digest}</content></entry>"
    )


def play_edition(server, base, resource, title, content, md5=None):
    """Say what the service gives of one edition: its files, and the archive."""
    name = f"{title}.7z"
    companion = file_entry(f"{title}.md5", b"x" * 33)
    listed = feed(file_entry(name, content, md5), companion)
    server.on(f"{base}/resource/{resource}/{title}", listed)
    server.on(f"{base}/download/{resource}/{title}/{name}", content)
