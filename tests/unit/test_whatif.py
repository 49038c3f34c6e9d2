"""What the law of another day would say: which parks change, and the comparison that makes it."""

from datetime import date

import pytest
from rich.console import Console
from typer.testing import CliRunner

from pipeline import schemas, whatif
from pipeline.errors import SourceError
from pipeline.obligation.trace import Step
from pipeline.report import print_whatif, whatif_document
from pipeline.whatif import COLUMNS, WhatIf, compare
from tests.unit.export.hand_made import (
    DOUBLE,
    GRAND,
    PETIT,
    RULES,
    make_product,
    steps,
    verdicts,
)
from tests.unit.export.hand_made_ground import table
from tests.unit.export.hand_made_law import step

DAYS = (date(2025, 1, 1), date(2026, 7, 1))


def product(lot_id=None, trace=None, **verdict):
    """Return the hand-made product, with another trace or verdict for one lot."""
    said, made = verdicts(), steps()
    for name, value in verdict.items():
        said.loc[said["lot_id"] == lot_id, name] = value
    if trace is not None:
        rows = [*made[made["lot_id"] != lot_id].to_dict("records"), *trace]
        made = table(schemas.DecisionStep, rows, geometry=False)
    return make_product(verdicts=said, steps=made)


def only_row(before, after):
    rows = compare(before, after, RULES)
    assert list(rows.columns) == list(COLUMNS)
    assert len(rows) == 1
    return rows.iloc[0].to_dict()


def plain(text):
    return text.replace("\u00a0", " ").replace("\u202f", " ")


YES = {"rule_id": None, "unit": "texte", "comparison": "=", "threshold": "oui"}
CHAMP = step(GRAND, 1, "champ", "oui", "oui", **YES)
SUBJECT = {"if_true": "assujetti/au_dessus_du_seuil"}
CONCLUDES = {**YES, "threshold": "non", **SUBJECT}
EXEMPT = {"if_true": "exonere/abords_delimites"}
MEASURE = {"comparison": None, "threshold": None, "rule_id": None}
DUE = {"unit": "date", "comparison": "<", "threshold": "2026-07-01"}
DUE |= {"rule_id": "APER40.echeance_grand", "article": "loi n° 2023-175, art. 40, III"}
ART5 = {"rule_id": None, "unit": "/1", "comparison": "≥", "threshold": "1"}
ART5 |= {"article": "décret n° 2024-1023, art. 5"}


def test_the_hand_made_steps_read_back_to_their_answers():
    rows = steps().to_dict("records")
    assert [Step.from_row(row).result for row in rows] == [row["result"] for row in rows]


def test_the_same_law_changes_nothing():
    assert compare(make_product(), make_product(), RULES).empty


def test_another_threshold_is_the_cause():
    trace = [CHAMP, step(GRAND, 2, "seuil_bas", "10500", "oui", **SUBJECT)]
    before = [CHAMP, {**trace[1], "threshold": "11000", "result": "non"}]
    row = only_row(
        product(GRAND, before, status="a_verifier", reason_code="superficie_proche_du_seuil"),
        product(GRAND, trace),
    )
    assert (row["parc_id"], row["nom"]) == (GRAND, "Parking du Grand Marché")
    assert (row["statut_avant"], row["statut_apres"]) == ("a_verifier", "assujetti")
    assert (row["regle_id"], row["article"]) == ("APER40.seuil", "loi n° 2023-175, art. 40, I")
    assert plain(row["cause"]) == (
        "Le seuil passe de « > 11 000 m² » à « > 1 500 m² » : « Question seuil_bas ? »"
        " (loi n° 2023-175, art. 40, I)."
    )


def test_a_comparison_that_a_later_text_brings_is_the_cause():
    inside = step(GRAND, 2, "perimetre_spr", "1", "oui", **ART5, **EXEMPT)
    subject = step(GRAND, 2, "seuil_bas", "10500", "oui", **SUBJECT)
    row = only_row(
        product(GRAND, [CHAMP, subject]),
        product(GRAND, [CHAMP, inside], status="exonere", reason_code="abords_delimites"),
    )
    assert (row["regle_id"], row["article"]) == (None, "décret n° 2024-1023, art. 5")
    assert row["cause"] == (
        "Comparaison nouvelle : « Question perimetre_spr ? » (décret n° 2024-1023, art. 5)."
    )


def test_a_comparison_that_is_made_no_more_is_the_cause():
    inside = step(GRAND, 2, "perimetre_spr", "1", "oui", **ART5, **EXEMPT)
    subject = step(GRAND, 3, "seuil_bas", "10500", "oui", **SUBJECT)
    row = only_row(
        product(GRAND, [CHAMP, inside], status="exonere", reason_code="abords_delimites"),
        product(GRAND, [CHAMP, subject]),
    )
    assert row["cause"].startswith("Comparaison abandonnée : « Question perimetre_spr ? »")


def test_an_area_that_no_longer_counts_is_the_cause_of_another_answer():
    law = {"article": "décret n° 2024-1023, art. 1er, III", **MEASURE}
    piece = step(GRAND, 2, "exclusion_espace_vert", "900", "mesure", **law)
    total = step(GRAND, 3, "superficie", "1400", "mesure", **MEASURE)
    high = {"if_false": "non_assujetti/sous_le_seuil"}
    before = [
        CHAMP,
        {**total, "value": "2300"},
        step(GRAND, 4, "seuil_haut", "2400", "oui", **high),
        step(GRAND, 5, "seuil_bas", "2200", "oui", **SUBJECT),
    ]
    after = [CHAMP, piece, total, step(GRAND, 4, "seuil_haut", "1450", "non", **high)]
    row = only_row(
        product(GRAND, before),
        product(GRAND, after, status="non_assujetti", reason_code="sous_le_seuil"),
    )
    assert row["article"] == "décret n° 2024-1023, art. 1er, III"
    assert row["cause"].startswith("Mesure nouvelle : « Question exclusion_espace_vert ? »")


def test_a_day_that_is_reached_is_the_cause_even_if_other_comparisons_are_new():
    subject = step(GRAND, 3, "conclusion", "non", "oui", **CONCLUDES)
    trees = step(GRAND, 2, "arbres_par_place", "2", "non", threshold="160")
    due = step(GRAND, 4, "echeance", "2026-07-01", "non", **DUE)
    row = only_row(
        product(
            GRAND,
            [CHAMP, subject, {**due, "value": "2025-01-01", "result": "oui"}],
            due_state="a_venir",
        ),
        product(GRAND, [CHAMP, trees, subject, due]),
    )
    assert (row["statut_avant"], row["statut_apres"]) == ("assujetti", "assujetti")
    situations = (row["situation_avant"], row["situation_apres"])
    assert situations == ("a_venir", "echue_report_a_justifier")
    assert row["regle_id"] == "APER40.echeance_grand"
    assert row["cause"].startswith("La réponse passe de « oui » à « non »")


def test_the_law_that_decides_gives_the_cause():
    other = {"law": "L. 111-19-1", "rule_id": "NEUF500.seuil", "threshold": "500"}
    since = {"unit": "date", "comparison": "≥", "threshold": "2023-03-10"}
    since |= {"rule_id": "APER40.demande_depuis"}
    asked = step(PETIT, 2, "demande", "2025-01-15", "oui", **since)
    below = step(PETIT, 3, "seuil_haut", "950", "non", if_false="non_assujetti/sous_le_seuil")
    above = step(PETIT, 4, "seuil_bas", "850", "oui", if_true="assujetti/neuf", **other)
    row = only_row(
        product(PETIT, [CHAMP | {"lot_id": PETIT}, below]),
        product(
            PETIT,
            [CHAMP | {"lot_id": PETIT}, asked, below, above],
            status="assujetti",
            reason_code="neuf",
        ),
    )
    assert row["regle_id"] == "NEUF500.seuil"


@pytest.mark.parametrize(
    ("is_new", "words"),
    [
        pytest.param(True, "Comparaison nouvelle", id="the later day reads it"),
        pytest.param(False, "Comparaison abandonnée", id="the earlier day alone reads it"),
    ],
)
def test_a_law_that_only_one_day_reads_is_told_by_its_conclusion(is_new, words):
    law = {"law": "L. 111-19-1", "article": "CU, art. L. 111-19-1"}
    scope = CHAMP | {"lot_id": PETIT}
    below = step(PETIT, 2, "seuil_haut", "950", "non", if_false="non_assujetti/sous_le_seuil")
    known = step(PETIT, 3, "demande_connue", "oui", "oui", **law, **YES)
    judged = {"rule_id": "NEUF500.seuil", "threshold": "500", **law}
    low = step(PETIT, 4, "seuil_bas", "850", "oui", if_true="assujetti/neuf", **judged)
    one = product(PETIT, [scope, below])
    both = product(PETIT, [scope, below, known, low], status="assujetti", reason_code="neuf")
    row = only_row(*((one, both) if is_new else (both, one)))
    assert (row["regle_id"], row["article"]) == ("NEUF500.seuil", "CU, art. L. 111-19-1")
    assert row["cause"].startswith(f"{words} : « Question seuil_bas ? »")


def test_the_comparison_that_holds_the_new_due_date_is_its_cause():
    subject = step(GRAND, 2, "conclusion", "non", "oui", **CONCLUDES)
    due = step(GRAND, 3, "echeance", "2026-07-01", "non", **DUE)
    put_off = {**due, "threshold": "2028-07-01", "result": "oui"}
    mixed = step(GRAND, 4, "mixte", "525", "mesure", **MEASURE)
    row = only_row(
        product(GRAND, [CHAMP, subject, due]),
        product(GRAND, [CHAMP, subject, put_off, mixed], due_date="2028-07-01"),
    )
    assert (row["echeance_avant"], row["echeance_apres"]) == ("2026-07-01", "2028-07-01")
    assert "Le seuil passe de « 01/07/2026 » à « 01/07/2028 »" in row["cause"]


def test_a_comparison_without_bearing_on_the_due_date_is_not_its_cause():
    subject = step(GRAND, 3, "conclusion", "non", "oui", **CONCLUDES)
    trees = step(GRAND, 2, "arbres_par_place", "2", "non", threshold="160")
    row = only_row(
        product(GRAND, [CHAMP, subject], due_state="a_venir"),
        product(GRAND, [CHAMP, trees, subject]),
    )
    assert row["regle_id"] is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "a_verifier"),
        ("reason_code", "contour_inconnu"),
        ("due_date", "2028-01-01"),
        ("due_state", "a_venir"),
    ],
)
def test_each_of_four_things_makes_a_row(name, value):
    row = only_row(product(GRAND, **{name: value}), make_product())
    assert row["cause"] == "Aucune comparaison du raisonnement ne l'explique."


def test_what_is_not_the_verdict_makes_no_row():
    assert compare(product(GRAND, penalty_cap_eur=1.0), make_product(), RULES).empty


def test_a_rule_that_is_in_no_file_does_not_stop_it():
    trace = [CHAMP, step(GRAND, 2, "x", "1600", "oui", rule_id="X.y", unit="x", **SUBJECT)]
    before = [CHAMP, {**trace[1], "threshold": "1900", "result": "non"}]
    row = only_row(product(GRAND, before, status="a_verifier"), product(GRAND, trace))
    assert "Le seuil passe de « > 1900 » à « > 1500 »" in row["cause"]


def test_a_park_that_one_side_lacks_is_a_row():
    whole = make_product()
    fewer = make_product(
        lots=whole.lots[whole.lots["lot_id"] != PETIT],
        verdicts=whole.verdicts[whole.verdicts["lot_id"] != PETIT],
        steps=whole.steps[whole.steps["lot_id"] != PETIT],
    )
    row = only_row(fewer, whole)
    assert (row["parc_id"], row["statut_avant"], row["statut_apres"]) == (
        PETIT,
        None,
        "non_assujetti",
    )


def found():
    rows = compare(product(DOUBLE, status="a_verifier"), make_product(), RULES)
    return WhatIf("62999", "Démo-sur-Lys", 6, rows, ())


def test_the_table_speaks_french(capsys):
    print_whatif(found(), DAYS, Console(width=100))
    text = capsys.readouterr().out
    assert "À vérifier" in text
    assert "Assujetti" in text
    assert "1 parc(s) sur 6" in text
    assert "nan" not in text.lower()


def test_the_document_names_both_days():
    document = whatif_document(found(), DAYS)
    assert document["entre"] == ["2025-01-01", "2026-07-01"]
    assert document["parcs"][0]["statut_avant"] == "a_verifier"


@pytest.fixture
def command(monkeypatch, tmp_path):
    """Run `parzan whatif`, its communes measured by hand; return the result and the days asked."""
    asked = []

    def measure(insee_code, *, day, **_):
        asked.append((insee_code, day))
        if insee_code == "00000":
            msg = "commune inconnue"
            raise SourceError(msg)
        return product(GRAND, due_state="a_venir") if day == DAYS[0] else make_product(), ()

    monkeypatch.setattr(whatif, "measure_commune", measure)

    def call(*arguments):
        from pipeline.cli import app

        return CliRunner().invoke(app, ["whatif", *arguments, "--data", str(tmp_path)]), asked

    return call


BETWEEN = ("--between", "2025-01-01", "--and", "2026-07-01")


def test_the_command_measures_twice_and_writes_nothing(command, tmp_path):
    result, asked = command("62999", *BETWEEN)
    assert result.exit_code == 0, result.output
    assert asked == [("62999", DAYS[0]), ("62999", DAYS[1])]
    assert "1 parc(s) sur 6" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(("62999", "00000", *BETWEEN), 3, id="one commune failed"),
        pytest.param(("00000", *BETWEEN), 1, id="every commune failed"),
        pytest.param(
            ("62999", "--between", "2026-07-01", "--and", "2025-01-01"), 2, id="days in disorder"
        ),
        pytest.param(
            ("62999", "--between", "2026-07-01", "--and", "2026-07-01"), 2, id="twice the same day"
        ),
        pytest.param(("62999",), 2, id="no day"),
    ],
)
def test_exit_codes_are_those_of_a_run(command, arguments, code):
    assert command(*arguments)[0].exit_code == code


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(("2026-02-01", "2026-02-02"), 0, "aucun changement", id="nothing changed"),
        pytest.param(("2025-05-01", "2025-05-02"), 0, "APER40.debiteur", id="something did"),
        pytest.param(("2025-05-02", "2025-05-01"), 2, "ancienne", id="days in disorder"),
        pytest.param(("2025-05-02",), 2, "DATE2", id="one day only"),
    ],
)
def test_rules_diff(arguments, code, words):
    from pipeline.cli import app

    result = CliRunner().invoke(app, ["rules", "diff", *arguments])
    assert result.exit_code == code
    assert words in result.output


def test_a_threshold_that_becomes_known_is_the_cause():
    """La Réunion, 3 000 m²: the decree of 2025 sets its threshold on 14 August."""
    known = {**YES, "if_false": "a_verifier/seuil_outre_mer"}
    before = [step(GRAND, 1, "seuil_connu", "non", "non", **known)]
    after = [
        step(GRAND, 1, "seuil_connu", "oui", "oui", **known | {"rule_id": "APER40.seuil_reunion"}),
        step(GRAND, 2, "superficie_brute", "3000", "mesure", **MEASURE, unit="m2"),
        step(GRAND, 3, "conclusion", "non", "oui", **CONCLUDES),
    ]
    old = product(GRAND, before, status="a_verifier", reason_code="seuil_outre_mer")
    assert only_row(old, product(GRAND, after))["regle_id"] == "APER40.seuil_reunion"
