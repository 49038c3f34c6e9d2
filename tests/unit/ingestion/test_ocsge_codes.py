"""Every way a code of land cover or use is written, and what is no code."""

import pandas as pd
import pytest

from pipeline.ingestion.files import SourceFile
from pipeline.ingestion.land_codes import find_code, read_codes
from pipeline.ingestion.provenance import FileReport
from tests.unit.ingestion.land_files import KNOWN

WRITTEN = {
    "as IGN writes it": ("CS1.1.1.1", "CS", "CS1.1.1.1"),
    "without dots": ("CS1111", "CS", "CS1.1.1.1"),
    "without letters": ("1.1.1.1", "CS", "CS1.1.1.1"),
    "bare digits": ("1111", "CS", "CS1.1.1.1"),
    "lower case": ("cs1.1.1.1", "CS", "CS1.1.1.1"),
    "spaces inside": ("CS 1.1.1. 1", "CS", "CS1.1.1.1"),
    "a non-breaking space": ("CS\u00a01.1.1.1", "CS", "CS1.1.1.1"),
    "use, dotted": ("US4.1.1", "US", "US4.1.1"),
    "use, without dots": ("US411", "US", "US4.1.1"),
    "use, without letters": ("4.1.1", "US", "US4.1.1"),
    "use, bare digits": ("411", "US", "US4.1.1"),
    "use of one digit": ("5", "US", "US5"),
    "the mixed use, which has no dots": ("US235", "US", "US235"),
    "the mixed use, bare": ("235", "US", "US235"),
    "a coarser code of the nomenclature": ("CS2.1.1", "CS", "CS2.1.1"),
    "unknown use is a code": ("US6.6", "US", "US6.6"),
    "a finer use, of OCS2D": ("US3.1.4", "US", "US3"),
    "a finer use, without letters": ("3.1.4", "US", "US3"),
    "a finer use, without dots": ("US314", "US", "US3"),
    "a finer use of the road": ("US4.1.1.2", "US", "US4.1.1"),
    "a finer cover": ("CS1.1.1.1.3", "CS", "CS1.1.1.1"),
    "2.3.5 is finer than 2, and no mixed use": ("US2.3.5", "US", "US2"),
    "a coarser code that stands for both statuses": ("CS1.1", "CS", None),
    "bare digits of another nomenclature": ("211", "US", None),
    "the code of the other axis": ("US4.1.1", "CS", None),
    "not told": ("NC", "US", None),
    "mojibake": ("CSÃ©1", "CS", None),
    "full-width digits": ("CS１.１.１.１", "CS", None),
    "a word": ("INDETERMINE", "US", None),
    "letters alone": ("CS", "CS", None),
    "a dot too many": ("CS1.1.1.1.", "CS", None),
}


@pytest.mark.parametrize(("text", "axis", "code"), WRITTEN.values(), ids=WRITTEN.keys())
def test_code(text, axis, code):
    assert find_code(text, axis, KNOWN) == code


def report():
    return FileReport(SourceFile("ocsge", "ocsge/a.gpkg", None, "geopackage", ""))


def texts(*values):
    return pd.Series(values, dtype=object).astype("str").where(lambda v: v != "")


def test_what_is_no_code_is_left_missing_counted_and_named():
    told = report()
    codes = read_codes(texts("US5", "NC", "NC", "\x00Ã©", ""), "US", KNOWN, told)
    assert codes.isna().tolist() == [False, True, True, True, True]
    assert told.remarks == [
        "codes d'usage non reconnus, laissés vides : 3 polygone(s) (« ?Ã© », « NC »)",
        "1 polygone sans code d'usage",
    ]
    assert len(told.warnings) == 1


def test_a_finer_code_is_cut_and_noted():
    told = report()
    codes = read_codes(texts("US3.1.4", "US3.1.4", "US3"), "US", KNOWN, told)
    assert codes.tolist() == ["US3", "US3", "US3"]
    (remark,) = told.remarks
    assert remark.startswith("codes d'usage plus fins que la nomenclature")
    assert remark.endswith("2 polygone(s) (US3.1.4 lu US3)")
    assert told.warnings == []


def test_only_a_few_of_many_forms_are_shown():
    told = report()
    read_codes(texts(*(f"X{i}" for i in range(9))), "CS", KNOWN, told)
    assert told.remarks[0].endswith("9 polygone(s) (« X0 », « X1 », « X2 », « X3 », « X4 », …)")


def test_a_column_without_any_code_stays_a_column_of_text():
    codes = read_codes(texts("", ""), "CS", KNOWN, report())
    assert codes.isna().all()
    assert codes.dtype == "str"
