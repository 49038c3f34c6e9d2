"""Risk-prevention plans: their regulatory zones and their easements, and nothing else of them."""

import pytest

from pipeline.ingestion.prevention_plans import risk_kind
from tests.unit.ingestion.deposits import (
    commune,
    deposit,
    geojson,
    polygon,
    read,
    rectangle,
    remarks,
)

SQUARE = polygon(rectangle(0, 0, 40, 50))
ELSEWHERE = polygon(rectangle(100, 0, 140, 50))


@pytest.fixture
def data(tmp_path):
    commune(tmp_path)
    return tmp_path


def perimeters(data, name, *rows):
    deposit(data, f"servitudes/{name}", geojson(*rows))
    return read(data).perimeters


def zone(shape=SQUARE, number=1, **columns):
    return (
        shape,
        {
            "idzonereglementaire": number,
            "codeprocedure": "62DREAL20100001",
            "codezonereglement": "R1",
            "libellezonereglement": "Zone d'interdiction stricte - R1",
            "typereglement": "04",
            **columns,
        },
    )


LAYERS = {
    "CNIG, technological": ("pprt_62dreal20100001_zonereglementaireurba_s", "risque_technologique"),
    "CNIG, natural": ("pprn_62ddtm20100001_zonereglementaireurba_s", "risque_naturel"),
    "COVADIS, technological": ("l_zone_reg_pprt_20100001_s_062", "risque_technologique"),
    "COVADIS, floods": ("N_ZONE_REG_PPRI_20100001_S_062", "risque_naturel"),
    "COVADIS, mines": ("N_ZONE_REG_PPRM_20100001_S_062", "risque_naturel"),
}


@pytest.mark.parametrize(("layer", "kind"), LAYERS.values(), ids=LAYERS.keys())
def test_regulatory_zones(data, layer, kind):
    (row,) = perimeters(data, f"{layer}.geojson", zone()).itertuples()
    assert (row.kind, row.name) == (kind, "Zone d'interdiction stricte - R1")
    assert row.perimeter_id == "servitudes/62DREAL20100001/1"


def test_the_old_names_of_columns_are_read(data):
    columns = {"ID_ZONE": "7", "ID_GASPAR": "62DDTM1", "CODEZONE": "Bleu", "TYPEREG": "02"}
    rows = perimeters(data, "zone_reg_pprn.geojson", (SQUARE, columns))
    assert rows[["perimeter_id", "name"]].to_numpy().tolist() == [
        ["servitudes/62DDTM1/7", "zone Bleu"]
    ]


def test_zones_of_one_number_in_two_plans_are_two_zones(data):
    first = zone(), zone(ELSEWHERE, 2)
    deposit(data, "servitudes/pprt_a_zonereglementaireurba.geojson", geojson(*first))
    other = zone(ELSEWHERE, codeprocedure="62DREAL20110002")
    rows = perimeters(data, "pprt_b_zonereglementaireurba.geojson", other)
    assert rows["perimeter_id"].tolist() == [
        "servitudes/62DREAL20100001/1",
        "servitudes/62DREAL20100001/2",
        "servitudes/62DREAL20110002/1",
    ]


OTHERS = {
    "the perimeter of the plan": "pprt_62dreal20100001_perimetre_s",
    "the hazards": "pprt_62dreal20100001_zonealeareference_s",
    "the land to be bought": "pprt_62dreal20100001_zonereglementairefoncier_s",
    "the stakes": "n_enjeu_pprn_20100001_s_062",
}


@pytest.mark.parametrize("layer", OTHERS.values(), ids=OTHERS.keys())
def test_other_layers_of_a_plan_are_left_and_told(data, layer):
    columns = {"typereglement": "02"} if "foncier" in layer else {}
    row = (SQUARE, {"codeprocedure": "62DREAL20100001", **columns})
    assert len(perimeters(data, f"{layer}.geojson", row)) == 0
    assert "plan de prévention, laissée" in remarks(read(data), f"servitudes/{layer}.geojson")


def test_a_plan_of_unknown_nature_is_left_and_warned_of(data):
    assert len(perimeters(data, "zonage.geojson", zone())) == 0
    (told,) = [line for line in read(data).warnings if "zonage.geojson" in line]
    assert "nommer le fichier pprn… (naturel) ou pprt… (technologique)" in told


EASEMENTS = {
    "natural risks": ("pm1", "Zone réglementée", "risque_naturel"),
    "technological risks": ("PM3", "Périmètre de risque", "risque_technologique"),
    "the perimeter of a study": ("pm3", "Périmètre d'étude", None),
    "nuclear installations": ("pm2", "Zone", None),
}


@pytest.mark.parametrize(("code", "kind", "expected"), EASEMENTS.values(), ids=EASEMENTS.keys())
def test_easements(data, code, kind, expected):
    columns = {"suptype": code, "idass": "1", "typeass": kind, "nomsuplitt": "PPR de Parzan"}
    rows = perimeters(data, "assiette_sup_s.geojson", (SQUARE, columns))
    assert rows["kind"].tolist() == [expected] * (expected is not None)
    told = remarks(read(data), "servitudes/assiette_sup_s.geojson")
    assert expected or "1 périmètre sans effet connu" in told


def test_an_easement_is_told_by_its_file_and_is_no_plan_layer(data):
    rows = perimeters(data, "PM1_PPRI_ASSIETTE_SUP_S.geojson", (SQUARE, {"idass": "7"}))
    assert rows["kind"].tolist() == ["risque_naturel"]


@pytest.mark.parametrize("code", ["pm1", "pm3"])
def test_the_drawing_that_generates_an_easement_is_left(data, code):
    columns = {"suptype": code, "idgen": "1"}
    assert len(perimeters(data, f"{code}_generateur_sup_s.geojson", (SQUARE, columns))) == 0


NAMES = {
    "a word that only ends so": ("zone_approuvee", None),
    "no letter after": ("ppr_zone_reg", None),
    "the full word": ("pprinondation_zone_reg", "risque_naturel"),
    "both in capitals once lowered": ("n_zone_reg_pprt", "risque_technologique"),
}


@pytest.mark.parametrize(("name", "kind"), NAMES.values(), ids=NAMES.keys())
def test_names_of_plans(name, kind):
    assert risk_kind(name) == kind
