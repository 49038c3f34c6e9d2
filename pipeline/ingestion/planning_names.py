"""Names of planning documents (CNIG, Géoportail de l'urbanisme) → kind and day."""

import pandas as pd

# 35236_PLU_20230101, 200057875_PLUi_20240705_A, DU_35236, PSMV_35236, and 3523620130101 (2013).
_NAME = (
    r"^(?:(?P<scheme>DU|PSMV)_)?(?:[0-9][0-9AB][0-9]{3}|[0-9]{9})"
    r"(?:_(?P<kind>[A-Z]+))?_?(?P<day>[0-9]{8})?(?:_[0-9A-Z]+)?$"
)
_SECTOR = "PSMV"
_KINDS = {"PLUI": "PLUi", "PLUM": "PLUm", "PLUIH": "PLUi"}


def read_names(names: "pd.Series[str]") -> pd.DataFrame:
    """
    Return what the names of documents tell: `document_type` and `day`.

    Parameters
    ----------
    names
        `IDURBA`, `partition` of the Géoportail or `name` of the API Carto; blanks missing.

    Returns
    -------
    told
        Same index. `day`: eight digits. Both missing where the name has not the form of the
        standard: the code of a commune or of a grouping (SIREN), the kind, the day.
    """
    told = names.str.upper().str.extract(_NAME)
    kind = told["kind"].fillna(told["scheme"].where(told["scheme"] == _SECTOR))
    return pd.DataFrame({"document_type": read_types(kind), "day": told["day"]})


def read_types(written: "pd.Series[str]") -> "pd.Series[str]":
    """Return types of documents as the law writes them: « PLUI » → PLUi."""
    kinds = written.str.upper()
    return kinds.replace(_KINDS)
