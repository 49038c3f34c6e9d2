"""Brownfields of the CNIG standard: names whole or cut, points or outlines, one row per site."""

from typing import ClassVar

import geopandas as gpd
import pyogrio
import pytest
import shapely

from pipeline.errors import SourceError
from pipeline.ingestion.folder import check_sources
from tests.tables import L93, X0, Y0, box, point
from tests.unit.ingestion.context_files import HERE, read, remarks
from tests.unit.ingestion.deposits import CATALOGUE, TERRITORIES, deposit, lon_lat

SITE = {
    "site_id": f"{HERE}_1", "site_nom": "Ancienne filature", "site_type": "friche industrielle",
    "site_statut": "friche sans projet", "site_identif_date": "2013-12-31",
    "site_actu_date": "14/09/2023", "comm_insee": HERE, "unite_fonciere_surface": 1631,
}  # fmt: skip
CUT = {
    "site_statut": "site_statu", "site_identif_date": "site_ident", "site_actu_date": "site_actu_",
    "unite_fonciere_surface": "unite_fonc",
}  # fmt: skip
EXPECTED = {
    "site_id": f"{HERE}_1", "name": "Ancienne filature", "site_type": "friche industrielle",
    "status": "friche sans projet", "identified_on": "2013-12-31", "updated_on": "2023-09-14",
    "insee_code": HERE, "area_m2": 1631.0,
}  # fmt: skip


def save(data, name, *rows):
    path = data / "friches" / name
    path.parent.mkdir(exist_ok=True)
    table = gpd.GeoDataFrame([r for _, r in rows], geometry=[shape for shape, _ in rows], crs=L93)
    pyogrio.write_dataframe(table, path)


def csv(*rows, sep=";"):
    names = list(rows[0])
    lines = [sep.join(names), *(sep.join(str(row[name]) for name in names) for row in rows)]
    return "\n".join(lines) + "\n"


def wkt(shape):
    """The WKT of a shape in degrees."""
    return shapely.to_wkt(
        shapely.transform(shape, lambda xy: [lon_lat(x - X0, y - Y0) for x, y in xy]),
        rounding_precision=7,
    )


def only(data):
    (row,) = read(data).brownfields.drop(columns=["geometry", "source"]).to_dict("records")
    return row


@pytest.mark.parametrize("name", ["friches.geojson", "friches.gpkg"])
def test_the_names_of_the_standard(tmp_path, name):
    save(tmp_path, name, (point(500, 500), SITE))
    context = read(tmp_path)
    assert only(tmp_path) == EXPECTED
    assert context.brownfields["source"].tolist() == [f"friches/{name}"]
    (record,) = context.records[context.records["folder"] == "friches"].itertuples()
    assert (record.state, record.vintage, record.row_count) == ("utilisee", "2023-09-14", 1)


@pytest.mark.parametrize("name", ["friches.shp", "friches.geojson"])
def test_the_names_that_a_shapefile_cut(tmp_path, name):
    row = {CUT.get(key, key): value for key, value in SITE.items()}
    save(tmp_path, name, (point(500, 500), row))
    assert only(tmp_path) == EXPECTED


class TestText:
    MOJIBAKE = "Filature avÃ©rÃ©e"

    def test_double_encoding_is_undone(self, tmp_path):
        save(tmp_path, "f.geojson", (point(5, 5), {**SITE, "site_nom": self.MOJIBAKE}))
        assert only(tmp_path)["name"] == "Filature avérée"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
    def test_encodings_of_a_csv(self, tmp_path, encoding):
        x, y = lon_lat(500, 500)
        row = {**SITE, "site_nom": "Filature usée", "longitude": x, "latitude": y}
        deposit(tmp_path, "friches/f.csv", csv(row).encode(encoding))
        assert only(tmp_path)["name"] == "Filature usée"

    @pytest.mark.parametrize("blank", ["", "None", "NULL"])
    def test_blanks_are_unknown(self, tmp_path, blank):
        optional = dict.fromkeys(
            ["site_nom", "site_statut", "site_actu_date", "comm_insee", "unite_fonciere_surface"],
            blank,
        )
        save(tmp_path, "f.geojson", (point(5, 5), {**SITE, **optional}))
        row = read(tmp_path).brownfields.iloc[0]
        assert row[["name", "status", "updated_on", "insee_code", "area_m2"]].isna().all()
        assert remarks(read(tmp_path), "friches/f.geojson") == ""

    WRONG: ClassVar = {
        "a month that is none": ("site_identif_date", "2023-13-01", "date d'identification"),
        "a year to come by far": ("site_actu_date", "01/01/20234", "date d'actualisation"),
        "an area in words": ("unite_fonciere_surface", "1 ha", "surface déclarée"),
        "a negative area": ("unite_fonciere_surface", "-1", "surface déclarée"),
    }  # fmt: skip

    @pytest.mark.parametrize(("column", "value", "what"), WRONG.values(), ids=WRONG.keys())
    def test_what_cannot_be_read_is_left_blank_and_told(self, tmp_path, column, value, what):
        save(tmp_path, "f.geojson", (point(5, 5), {**SITE, column: value}))
        context = read(tmp_path)
        names = {"site_identif_date": "identified_on", "site_actu_date": "updated_on"}
        assert context.brownfields[names.get(column, "area_m2")].isna().all()
        assert f"1 {what} illisible" in remarks(context, "friches/f.geojson")

    def test_a_code_that_is_none_is_left_blank(self, tmp_path):
        save(tmp_path, "f.geojson", (point(5, 5), {**SITE, "comm_insee": "62999|62998"}))
        assert read(tmp_path).brownfields["insee_code"].isna().all()


class TestPlace:
    SQUARE = box(100, 100, 200, 200)

    def test_a_csv_gives_the_outline_before_the_point(self, tmp_path):
        row = {**SITE, "geompoint": wkt(point(150, 150)), "geomsurf": wkt(self.SQUARE)}
        other = {**SITE, "site_id": "b", "geompoint": wkt(point(300, 300)), "geomsurf": ""}
        deposit(tmp_path, "friches/f.csv", csv(row, other))
        table = read(tmp_path).brownfields.set_index("site_id")
        assert table.geometry[f"{HERE}_1"].area == pytest.approx(10_000, abs=5)
        assert table.geometry["b"].distance(point(300, 300)) < 0.1

    @pytest.mark.parametrize("kind", ["geojson", "gpkg"])
    def test_the_outline_of_a_layer_of_points(self, tmp_path, kind):
        save(tmp_path, f"f.{kind}", (point(150, 150), {**SITE, "geomsurf": wkt(self.SQUARE)}))
        assert read(tmp_path).brownfields.geometry.area.iloc[0] == pytest.approx(10_000, abs=5)

    def test_what_a_layer_draws_comes_before_its_text(self, tmp_path):
        save(tmp_path, "f.gpkg", (box(0, 0, 10, 10), {**SITE, "geomsurf": wkt(self.SQUARE)}))
        assert read(tmp_path).brownfields.geometry.area.tolist() == [100]

    @pytest.mark.parametrize("text", ["None", "", "POLYGON ((2.3 46.1, 2.3"])
    def test_without_a_sound_outline_the_point_stays(self, tmp_path, text):
        save(tmp_path, "f.geojson", (point(150, 150), {**SITE, "geomsurf": text}))
        assert read(tmp_path).brownfields.geometry.iloc[0].distance(point(150, 150)) < 0.1

    def test_axes_exchanged_are_put_in_order_and_told(self, tmp_path):
        x, y = lon_lat(500, 500)
        row = {**SITE, "geompoint": f"POINT({y} {x})"}
        deposit(tmp_path, "friches/f.csv", csv(row))
        context = read(tmp_path)
        assert context.brownfields.geometry.iloc[0].distance(point(500, 500)) < 0.1
        assert "friches/f.csv : colonne geompoint : axes intervertis, remis dans l'ordre" in (
            context.warnings
        )

    def test_outlines_in_metres(self, tmp_path):
        row = {**SITE, "geomsurf": f'"SRID=2154;{self.SQUARE.wkt}"'}
        deposit(tmp_path, "friches/f.csv", csv(row))
        assert read(tmp_path).brownfields.geometry.iloc[0].equals(self.SQUARE)

    def test_rows_without_place_are_counted(self, tmp_path):
        row = {**SITE, "geompoint": wkt(point(150, 150))}
        deposit(tmp_path, "friches/f.csv", csv(row, {**row, "site_id": "b", "geompoint": ""}))
        context = read(tmp_path)
        assert len(context.brownfields) == 1
        assert "1 ligne sans coordonnées écartée" in remarks(context, "friches/f.csv")

    def test_sites_elsewhere_are_left(self, tmp_path):
        far = {**SITE, "site_id": "b", "geompoint": wkt(point(5000, 500))}
        deposit(tmp_path, "friches/f.csv", csv({**SITE, "geompoint": wkt(point(5, 5))}, far))
        assert read(tmp_path).brownfields["site_id"].tolist() == [f"{HERE}_1"]

    def test_a_line_is_left_and_counted(self, tmp_path):
        road = shapely.LineString([(X0, Y0), (X0 + 9, Y0 + 9)])
        save(tmp_path, "f.gpkg", (point(5, 5), SITE), (road, {**SITE, "site_id": "b"}))
        context = read(tmp_path)
        assert len(context.brownfields) == 1
        assert "1 site sans point ni surface écarté" in remarks(context, "friches/f.gpkg")


class TestOneRowPerSite:
    def test_the_latest_updated_is_kept(self, tmp_path):
        old = {**SITE, "site_actu_date": "2020-01-01", "site_nom": "Avant"}
        save(tmp_path, "a.gpkg", (box(0, 0, 9, 9), old))
        save(tmp_path, "b.gpkg", (point(5, 5), SITE))
        context = read(tmp_path)
        assert context.brownfields["name"].tolist() == ["Ancienne filature"]
        assert "1 site déjà décrit plus récemment ou mieux" in remarks(context, "friches/a.gpkg")

    def test_an_undated_row_comes_last(self, tmp_path):
        save(tmp_path, "a.gpkg", (point(5, 5), {**SITE, "site_actu_date": None, "site_nom": "?"}))
        save(tmp_path, "b.gpkg", (point(5, 5), SITE))
        assert only(tmp_path)["name"] == "Ancienne filature"

    def test_of_equals_the_outline_is_kept(self, tmp_path):
        save(tmp_path, "a.gpkg", (point(5, 5), SITE))
        save(tmp_path, "b.gpkg", (box(0, 0, 10, 10), SITE))
        assert read(tmp_path).brownfields.geometry.area.tolist() == [100]

    def test_a_site_in_two_parts_is_one(self, tmp_path):
        save(tmp_path, "a.gpkg", (box(0, 0, 10, 10), SITE), (box(20, 0, 30, 10), SITE))
        context = read(tmp_path)
        assert context.brownfields.geometry.area.tolist() == [200]
        assert context.brownfields.geometry.geom_type.tolist() == ["MultiPolygon"]

    def test_a_site_without_id_bears_its_rank(self, tmp_path):
        save(tmp_path, "a.gpkg", (point(5, 5), {**SITE, "site_id": None}), (point(9, 9), SITE))
        context = read(tmp_path)
        assert context.brownfields["site_id"].tolist() == [f"{HERE}_1", "a/1"]
        assert "1 site sans site_id" in remarks(context, "friches/a.gpkg")


class TestBadFiles:
    def test_a_first_line_of_too_many_values(self, tmp_path):
        row = {**SITE, "geomsurf": f"SRID=2154;{TestPlace.SQUARE.wkt}"}
        deposit(tmp_path, "friches/f.csv", csv(row))
        with pytest.raises(SourceError, match=r"^friches/f\.csv : CSV illisible"):
            read(tmp_path)

    def test_no_site_id(self, tmp_path):
        save(tmp_path, "f.gpkg", (point(5, 5), {"nom": "x"}))
        with pytest.raises(
            SourceError, match=r"^friches/f\.gpkg, couche f : aucune des colonnes site"
        ):
            read(tmp_path)

    def test_a_csv_without_place(self, tmp_path):
        deposit(tmp_path, "friches/f.csv", csv(SITE))
        with pytest.raises(SourceError, match="aucune paire de colonnes ne donne de coordonnées"):
            read(tmp_path)

    def test_a_csv_of_another_territory(self, tmp_path):
        """La Réunion, read for the mainland; `check` finds where it is."""
        row = {**SITE, "comm_insee": "97411", "geompoint": "POINT (55.45 -20.88)"}
        path = deposit(tmp_path, "friches/f.csv", csv(row))
        with pytest.raises(SourceError, match=r"^friches/f\.csv : aucune géométrie de geomsurf ni"):
            read(tmp_path)
        table = check_sources(tmp_path, TERRITORIES, CATALOGUE).set_index("fichier")
        assert table.loc[f"friches/{path.name}", "lignes"] == 1

    @pytest.mark.parametrize("ending", ["geojson", "gpkg"])
    def test_a_file_cut_short(self, tmp_path, ending):
        save(tmp_path, f"f.{ending}", (point(5, 5), SITE))
        path = tmp_path / f"friches/f.{ending}"
        path.write_bytes(path.read_bytes()[:-50])
        with pytest.raises(
            SourceError, match=rf"^friches/f\.{ending} : fichier (illisible|tronqué)"
        ):
            read(tmp_path)


def test_check_counts_the_sites(tmp_path):
    save(tmp_path, "f.gpkg", (point(5, 5), SITE), (point(9, 9), {**SITE, "site_id": "b"}))
    deposit(tmp_path, "friches/g.csv", csv({**SITE, "geompoint": wkt(point(5, 5))}))
    table = check_sources(tmp_path, TERRITORIES, CATALOGUE).set_index("fichier")
    assert table.loc[["friches/f.gpkg", "friches/g.csv"], "lignes"].tolist() == [2, 1]
