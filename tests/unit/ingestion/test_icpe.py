"""Classified installations: points of four formats, footprints, headings; columns told by range."""

import json

import pandas as pd
import pytest
import shapely

from pipeline.errors import SourceError
from pipeline.ingestion.icpe import normalised_regime
from tests.tables import X0, Y0
from tests.unit.ingestion.deposits import (
    commune,
    deposit,
    geojson,
    lon_lat,
    point,
    polygon,
    read,
    rectangle,
    remarks,
)

GEORISQUES = (
    "codeAiot;raisonSociale;coordonneeX;coordonneeY;longitude;latitude;statutSeveso;"
    "etatActivite;regimeVigueur\n"
    '"0001";"DÉCHETTERIE; DU PRÉ";{x};{y};{lon};{lat};"Non Seveso";"En exploitation";'
    "Autorisation\n"
)
HEADINGS = 'codeAiot;numeroRubrique;nature\n"0001";"2910";x\n"0001";"1510";y\n"0001";"1510";z\n'


@pytest.fixture
def data(tmp_path):
    commune(tmp_path)
    return tmp_path


def place(sources, code="0001"):
    row = sources.installations.set_index("installation_id").loc[code]
    return row, (row.geometry.x - X0, row.geometry.y - Y0)


def georisques(x, y):
    lon, lat = lon_lat(x, y)
    return GEORISQUES.format(x=X0 + x, y=Y0 + y, lon=lon, lat=lat)


def test_georisques_csv_in_latin_1_with_its_headings(data):
    deposit(data, "icpe/InstallationClassee.csv", georisques(10, 20).encode("latin-1"))
    deposit(data, "icpe/rubriqueIC.csv", HEADINGS.encode("latin-1"))
    deposit(data, "icpe/inspection.csv", "codeAiot;dateInspection;fichierInspection\n0001;x;y\n")
    sources = read(data)
    row, xy = place(sources)
    assert xy == pytest.approx((10, 20), abs=0.02)
    assert row["name"] == "DÉCHETTERIE; DU PRÉ"
    assert (row["regime"], row["headings"]) == ("Autorisation", "1510;2910")
    assert (row["is_footprint"], row["is_precise"]) == (False, True)
    assert "Latin-1" in remarks(sources, "icpe/InstallationClassee.csv")
    assert "sans usage" in remarks(sources, "icpe/inspection.csv")


def test_pages_of_the_api(data):
    lon, lat = lon_lat(10, 20)
    item = {
        "raisonSociale": "A", "codeAIOT": "0001", "longitude": lon, "latitude": lat,
        "regime": "Enregistrement", "rubriques": [{"numeroRubrique": "2910"}, {"nature": "?"}],
        "inspections": [], "date_maj": "2026-07-17/19-32-59",
    }  # fmt: skip
    for page, code in enumerate(("0001", "0002", "0001")):
        text = json.dumps({"results": 3, "data": [{**item, "codeAIOT": code}]})
        deposit(data, f"icpe/page{page}.json", text)
    sources = read(data)
    assert list(sources.installations["installation_id"]) == ["0001", "0002"]
    row, xy = place(sources)
    assert xy == pytest.approx((10, 20), abs=0.02)
    assert row["headings"] == "2910"
    assert "1 doublon" in remarks(sources, "icpe/page2.json")
    vintages = sources.records.set_index("file")["vintage"]
    assert vintages["icpe/page0.json"] == "2026-07-17"


def test_the_precision_of_the_s3ic_layer_is_kept(data):
    rows = [
        (point(10, 20), {"code_s3ic": "1", "lib_precis": "Coordonnées précises"}),
        (point(30, 20), {"code_s3ic": "2", "lib_precis": "Centroïde Commune"}),
    ]
    deposit(data, "icpe/s3ic.geojson", geojson(*rows))
    precise = read(data).installations.set_index("installation_id")["is_precise"].to_dict()
    assert precise == {"1": True, "2": False}


def degrees(x, y):
    return lon_lat(x, y)


def metres(x, y):
    return X0 + x, Y0 + y


COLUMNS = {
    "projected under projected names": ("x", "y", metres),
    "degrees under the names of metres": ("x", "y", degrees),
    "metres under the names of degrees": ("lon", "lat", metres),
    "metres under the names of degrees, exchanged": ("lat", "lon", metres),
    "degrees exchanged": ("latitude", "longitude", degrees),
    "names that nobody knows": ("abscisse", "ordonnee", metres),
}


@pytest.mark.parametrize(("east", "north", "convert"), COLUMNS.values(), ids=COLUMNS.keys())
def test_columns_are_told_by_their_range_and_not_by_their_name(data, east, north, convert):
    a, b = convert(10, 20)
    c, d = convert(30, 40)
    text = f"s3ic_id,code_postal,{east},{north}\n0001,62000,{a},{b}\n0002,62000,{c},{d}\n"
    deposit(data, "icpe/simple.csv", text)
    sources = read(data)
    assert place(sources)[1] == pytest.approx((10, 20), abs=0.02)
    assert place(sources, "0002")[1] == pytest.approx((30, 40), abs=0.02)


def test_columns_far_apart_are_found_when_only_one_pair_fits(data):
    lon, lat = lon_lat(10, 20)
    deposit(data, "icpe/simple.csv", f"s3ic_id,a,nom,b\n0001,{lon},A,{lat}\n")
    assert place(read(data))[1] == pytest.approx((10, 20), abs=0.02)


def test_unnamed_columns_that_fit_twice_are_refused(data):
    lon, lat = lon_lat(10, 20)
    deposit(data, "icpe/simple.csv", f"s3ic_id,a,b,nom,c,d\nX,{lon},{lat},A,{lon},{lat}\n")
    with pytest.raises(SourceError, match="plusieurs paires de colonnes"):
        read(data)


def test_columns_that_lie_are_recorded(data):
    x, y = metres(10, 20)
    deposit(data, "icpe/simple.csv", f"s3ic_id,lat,lon\n0001,{x},{y}\n")
    told = remarks(read(data), "icpe/simple.csv")
    assert "Lambert-93 (x dans « lat », y dans « lon »)" in told


def test_rows_without_coordinates_are_counted(data):
    lon, lat = lon_lat(10, 20)
    deposit(data, "icpe/simple.csv", f"id,lon,lat\n1,{lon},{lat}\n2,,\n3,{lon},\n4,0,0\n")
    sources = read(data)
    assert list(sources.installations["installation_id"]) == ["1"]
    told = remarks(sources, "icpe/simple.csv")
    assert "2 lignes sans coordonnées écartées" in told
    assert "1 objets hors du territoire écartés sur 2" in told


def test_a_footprint_takes_the_place_and_the_attributes_of_its_point(data):
    deposit(data, "icpe/InstallationClassee.csv", georisques(10, 20))
    site = polygon(rectangle(0, 0, 40, 50))
    deposit(data, "icpe_emprises/sites.geojson", geojson((site, {"CODE_AIOT": "0001"})))
    (row,) = read(data).installations.itertuples()
    assert (row.installation_id, row.is_footprint, row.source) == ("0001", True, "icpe_emprises")
    assert (row.regime, row.name) == ("Autorisation", "DÉCHETTERIE; DU PRÉ")
    assert row.geometry.area == pytest.approx(2000)


def test_a_footprint_stands_alone_and_may_have_several_parts(data):
    rows = [(polygon(rectangle(x, 0, x + 10, 10)), {"code_aiot": "9"}) for x in (0, 50)]
    deposit(data, "icpe_emprises/sites.geojson", geojson(*rows))
    (row,) = read(data).installations.itertuples()
    assert isinstance(row.geometry, shapely.MultiPolygon)
    assert row.geometry.area == pytest.approx(200)


BAD = {
    "no code": ("icpe/a.csv", "nom;x;y\nA;1;2\n", "aucune des colonnes codeaiot"),
    "no coordinates": ("icpe/a.csv", "codeAiot;nom\n1;A\n", "aucune paire de colonnes"),
    "a quote never closed": ("icpe/a.csv", 'codeAiot;nom\n1;"A\n2;B\n', "CSV illisible"),
    "a truncated page": ("icpe/a.json", '{"data":[{"codeAIOT":"1"', "JSON illisible ou tronqué"),
    "a JSON without rows": ("icpe/a.json", '{"data": [1, 2]}', "sans liste d'objets"),
    "headings alone": ("icpe/r.csv", HEADINGS, "aucun fichier d'installations"),
    "footprints without code": (
        "icpe_emprises/e.geojson", geojson((polygon(rectangle(0, 0, 1, 1)), {"nom": "A"})),
        "aucune des colonnes code_aiot",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "why"), BAD.values(), ids=BAD.keys())
def test_bad_files_are_refused_in_one_line(data, name, content, why):
    deposit(data, name, content)
    with pytest.raises(SourceError, match=why) as refusal:
        read(data)
    assert "\n" not in str(refusal.value)


REGIMES = {
    "A": "Autorisation",
    "AS": "Autorisation",
    "Soumis à Autorisation": "Autorisation",
    "AUTORISATION": "Autorisation",
    "E": "Enregistrement",
    "soumis à enregistrement": "Enregistrement",
    "D": "Déclaration",
    "DC": "Déclaration",
    "Déclaration avec contrôle": "Déclaration",
    "AUTRES REGIMES": "Autres régimes",
    "Autres régimes": "Autres régimes",
    "non icpe": "Non ICPE",
    "Inconnu": "Inconnu",
}


@pytest.mark.parametrize(("given", "expected"), REGIMES.items(), ids=REGIMES.keys())
def test_a_regime_is_said_in_the_words_of_georisques(given, expected):
    assert normalised_regime(pd.Series([given], dtype="str")).tolist() == [expected]
