"""What OSM tags say of solar power: whether a roof bears panels, what it is, its peak power."""

import pytest

from pipeline.ingestion.osm_solar_tags import bears_panels, carport_kind, kilowatts

POWERS = {
    "kilowatts": ("55.2 kW", 55.2),
    "a comma": ("4,4 MW", 4400.0),
    "peak": ("120kWp", 120.0),
    "peak in French": ("120 kWc", 120.0),
    "peak in full": ("120 kW crête", 120.0),
    "watts": ("3000 W", 3.0),
    "gigawatts": ("0.001 GW", 1000.0),
    "lower case": ("36 kw", 36.0),
    "three decimals, below one": ("0,125 MW", 125.0),
    "three decimals and a dot": ("1.200 kW", 1.2),
    "a comma that may part thousands": ("1,200 kW", None),
    "yes": ("yes", None),
    "no unit": ("55", None),
    "no number": ("MW", None),
    "two values": ("5 kW;6 kW", None),
    "negative": ("-3 kW", None),
    "zero": ("0 kW", None),
    "an exponent": ("1e9 MW", None),
    "too many digits": ("1234567890 kW", None),
    "digits of another script": ("٣ kW", None),
    "energy": ("55 kWh", None),
    "apparent power": ("55 kVA", None),
    "about": ("~55 kW", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize(("text", "expected"), POWERS.values(), ids=POWERS.keys())
@pytest.mark.parametrize("key", ["plant:output:electricity", "generator:output:electricity"])
def test_power(key, text, expected):
    assert kilowatts({key: text}) == (expected if expected is None else pytest.approx(expected))


ROOFS = {
    "a generator of untold source": ({"power": "generator"}, False),
    "a plant of untold source": ({"power": "plant"}, False),
    "a generator of an empty source": ({"power": "generator", "generator:source": ""}, False),
    "a generator of biogas": ({"power": "generator", "generator:source": "biogas"}, False),
    "a solar generator": ({"power": "generator", "generator:source": "solar"}, True),
    "a solar plant": ({"power": "plant", "plant:source": "solar"}, True),
    "two sources": ({"power": "generator", "generator:source": "wind; solar"}, True),
    "its method": ({"power": "generator", "generator:method": "photovoltaic"}, True),
    "its type": ({"power": "generator", "generator:type": "solar_photovoltaic_panel"}, True),
    "another type": ({"power": "generator", "generator:type": "reciprocating_engine"}, False),
    "panels as its material": ({"roof:material": "solar_panels"}, True),
    "a generator under a roof of panels": (
        {"power": "generator", "roof:material": "solar_panels"}, True,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("tags", "is_solar"), ROOFS.values(), ids=ROOFS.keys())
@pytest.mark.parametrize("kind", ["toit", "ombriere"])
def test_only_a_source_makes_a_roof_solar(tags, is_solar, kind):
    roof = {"building": "roof" if kind == "toit" else "carport", **tags}
    assert bears_panels(roof) == is_solar
    expected = "installation_solaire" if is_solar and "power" in tags else kind
    assert carport_kind(roof) == expected
