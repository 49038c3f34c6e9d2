"""Indicators of the local report: stocks, net change, sealed land, who owes it, ENAF."""

from datetime import date

import pandas as pd
import pytest
import shapely

from pipeline.artificialisation.flows import land_change
from pipeline.artificialisation.indicators import CommuneReport, report_indicators
from pipeline.artificialisation.qualify import qualify_land
from pipeline.artificialisation.report_scope import UNKNOWN_PLANNING, Planning
from pipeline.contracts import conform
from pipeline.land_law import report_rules
from pipeline.schemas import LandTransition
from tests.tables import FRANCE, RULES
from tests.unit.artificialisation.test_qualify import CODES, GRASS, LAND, SHOP, YARD, pieces

BEFORE_2031, IN_2031 = date(2026, 11, 26), date(2031, 1, 1)
COMMUNE_M2 = 1_000_000.0
COVERED = Planning(is_covered=True, document="PLU", approved_on="2019-03-15")
NOTHING = pd.DataFrame(columns=["from_year", "to_year", "area_m2"])
SQUARE, OTHER = shapely.box(100, 100, 200, 200), shapely.box(300, 100, 400, 200)  # 1 ha each


def vintage(year, *layers, codes=CODES):
    table, _ = pieces(*layers, codes=codes)
    return qualify_land(table.assign(vintage=year), LAND, FRANCE)


def years(start, *areas):
    rows = [(start + i, start + i + 1, area) for i, area in enumerate(areas)]
    return pd.DataFrame(rows, columns=["from_year", "to_year", "area_m2"])


def report(*vintages, planning=COVERED, consumption=NOTHING, day=BEFORE_2031):
    matrices = [
        conform(LandTransition, land_change(old.land, new.land, FRANCE).matrix)
        for i, old in enumerate(vintages)
        for new in vintages[i + 1 :]
    ]
    commune = CommuneReport(vintages, matrices, consumption, planning, COMMUNE_M2)
    return report_indicators(commune, report_rules(RULES, day))


def value(found, code, year=None):
    rows = found[found["code"] == code]
    rows = rows if year is None else rows[rows["vintage"] == year]
    assert len(rows) == 1
    return rows.iloc[0]


class TestStocks:
    def test_a_hectare_of_asphalt_and_one_of_urban_grass(self):
        found = report(vintage(2021, (YARD, SQUARE), (SHOP, OTHER)))
        assert value(found, "surface_artificialisee")["value"] == pytest.approx(20_000, rel=1e-3)
        assert value(found, "part_artificialisee")["value"] == pytest.approx(0.02, rel=1e-3)
        assert value(found, "surface_impermeable")["value"] == pytest.approx(10_000, rel=1e-3)
        assert value(found, "surface_categorie_4")["value"] == pytest.approx(10_000, rel=1e-3)
        assert value(found, "surface_categorie_7")["value"] == pytest.approx(980_000, rel=1e-3)

    def test_a_building_site_on_asphalt_is_of_category_5_and_not_counted_as_sealed(self):
        codes = {**CODES, YARD: ("CS1.1.1.2", "US6.1")}
        found = report(vintage(2021, (YARD, SQUARE), codes=codes))
        assert value(found, "surface_categorie_5")["value"] == pytest.approx(10_000, rel=1e-3)
        assert value(found, "surface_impermeable")["value"] == 0

    def test_what_a_threshold_moves_is_told(self):
        small = shapely.box(500, 500, 540, 540)  # 1 600 m²
        found = report(vintage(2021, (YARD, small)))
        assert value(found, "surface_par_seuil")["value"] == pytest.approx(1600, rel=1e-3)

    def test_unknown_land_widens_the_interval_and_is_told(self):
        codes = {**CODES, SHOP: ("CS2.2.1", None)}
        found = report(vintage(2021, (YARD, SQUARE), (SHOP, OTHER), codes=codes))
        stock = value(found, "surface_artificialisee")
        assert [stock["least"], stock["value"], stock["most"]] == pytest.approx(
            [10_000, 10_000, 20_000], rel=1e-3
        )
        assert value(found, "surface_indeterminee")["value"] == pytest.approx(10_000, rel=1e-3)

    def test_the_readings_of_the_thresholds_bound_the_stock(self):
        ring, lawn = shapely.box(500, 500, 540, 570), shapely.box(510, 520, 530, 540)
        stock = value(report(vintage(2021, (YARD, ring), (GRASS, lawn))), "surface_artificialisee")
        assert [stock["least"], stock["value"], stock["most"]] == pytest.approx(
            [0, 2800, 2800], abs=3
        )


class TestChanges:
    def test_what_is_built_less_what_is_given_back(self):
        half = shapely.box(300, 100, 350, 200)  # 5 000 m²
        found = report(vintage(2018, (YARD, SQUARE)), vintage(2021, (SHOP, SQUARE), (YARD, half)))
        assert value(found, "artificialisation", 2021)["value"] == pytest.approx(5000, rel=1e-3)
        assert value(found, "desartificialisation", 2021)["value"] == 0
        net = value(found, "artificialisation_nette", 2021)
        assert net["value"] == pytest.approx(5000, rel=1e-3)
        assert net["vintage_before"] == 2018
        sealed = value(found, "impermeabilisation_nette", 2021)  # + 5 000 − 10 000
        assert sealed["value"] == pytest.approx(-5000, rel=1e-3)
        assert value(found, "surface_incomparable", 2021)["value"] == 0

    def test_land_unknown_on_one_day_is_not_compared_and_leaves_the_bounds_open(self):
        codes = {**CODES, SHOP: ("CS2.2.1", None)}
        found = report(vintage(2018, (SHOP, OTHER), codes=codes), vintage(2021, (YARD, OTHER)))
        assert value(found, "surface_incomparable", 2021)["value"] == pytest.approx(1e4, rel=1e-3)
        net = value(found, "artificialisation_nette", 2021)
        assert net["value"] == 0
        assert net[["least", "most"]].isna().all()

    def test_land_unknown_on_both_days_leaves_the_bounds(self):
        codes = {**CODES, SHOP: ("CS2.2.1", None)}
        first = vintage(2018, (SHOP, OTHER), codes=codes)
        second = vintage(2021, (SHOP, OTHER), (YARD, SQUARE), codes=codes)
        net = value(report(first, second), "artificialisation_nette", 2021)
        assert [net["least"], net["value"], net["most"]] == pytest.approx([1e4] * 3, rel=1e-3)

    def test_three_vintages_give_every_pair(self):
        found = report(vintage(2015), vintage(2018), vintage(2021))
        nets = found[found["code"] == "artificialisation_nette"]
        pairs = list(zip(nets["vintage_before"], nets["vintage"], strict=True))
        assert pairs == [(2015, 2018), (2015, 2021), (2018, 2021)]


class TestObligation:
    def compulsory(self, planning, day):
        found = report(vintage(2018), vintage(2021), planning=planning, day=day)
        rows = found.set_index("code")["is_compulsory"]
        return [
            rows[code] if isinstance(rows[code], bool) else rows[[code]].iloc[0]
            for code in ("consommation_enaf", "artificialisation_nette", "respect_objectifs")
        ]

    def test_before_2031_enaf_alone_is_compulsory(self):
        assert self.compulsory(COVERED, BEFORE_2031) == [True, False, False]

    def test_from_2031_every_item_is(self):
        assert self.compulsory(COVERED, IN_2031) == [True, True, True]

    def test_a_commune_without_document_owes_nothing_and_says_so(self):
        none = Planning(is_covered=False)
        assert self.compulsory(none, IN_2031) == [False, False, False]
        scope = value(report(planning=none), "rapport_local")
        assert scope["value"] == 0
        assert scope["warning"].startswith("Non soumise")

    def test_without_a_source_it_is_not_known(self):
        found = report(planning=UNKNOWN_PLANNING)
        assert pd.isna(value(found, "rapport_local")["value"])
        assert pd.isna(value(found, "consommation_enaf")["is_compulsory"])

    def test_every_measure_of_the_land_says_what_it_is_not(self):
        found = report(vintage(2018), vintage(2021))
        measured = found[found["vintage"].notna()]
        assert measured["warning"].str.contains("ENAF").all()
        assert measured["warning"].str.contains("projet").all()


class TestGuarantee:
    def row(self, planning):
        return value(report(planning=planning), "garantie_communale")

    @pytest.mark.parametrize(
        ("approved", "expected"),
        [
            pytest.param("2026-08-21", 10_000, id="the day before"),
            pytest.param("2026-08-22", None, id="the day itself: not before"),
        ],
    )
    def test_the_document_must_come_before_the_day(self, approved, expected):
        row = self.row(Planning(is_covered=True, document="PLU", approved_on=approved))
        assert row["value"] == expected if expected else pd.isna(row["value"])

    def test_it_is_an_information_and_never_compulsory(self):
        row = self.row(COVERED)
        assert row["warning"].startswith("Pour information")
        assert not row["is_compulsory"]

    def test_an_undated_document_leaves_it_to_be_checked(self):
        row = self.row(Planning(is_covered=True))
        assert pd.isna(row["value"])
        assert "à vérifier" in row["warning"]


class TestConsumption:
    def test_the_two_decades_and_the_landmark(self):
        found = report(consumption=years(2011, *[1000.0] * 10, *[300.0] * 3))
        rows = found[found["code"] == "consommation_enaf"].set_index("vintage")["value"]
        assert rows.to_dict() == {2021: 10_000, 2024: 900}
        assert value(found, "repere_consommation_enaf")["value"] == 5000
        shares = found[found["code"] == "part_consommation_enaf"]["value"].tolist()
        assert shares == pytest.approx([0.01, 0.0009])
        assert len(found[found["code"] == "consommation_enaf_annuelle"]) == 13

    def test_a_missing_year_gives_no_sum(self):
        found = report(consumption=years(2012, *[1000.0] * 9))
        row = value(found, "consommation_enaf", 2021)
        assert pd.isna(row["value"])
        assert "Années manquantes" in row["warning"]

    def test_what_comes_after_the_decade_is_not_summed(self):
        found = report(consumption=years(2011, *[100.0] * 22))  # up to 2033
        rows = found[found["code"] == "consommation_enaf"].set_index("vintage")["value"]
        assert rows.to_dict() == {2021: 1000, 2031: 1000}

    def test_without_the_file_the_indicator_is_there_and_empty(self):
        row = value(report(), "consommation_enaf")
        assert pd.isna(row["value"])
        assert "non déposé" in row["warning"]
