"""Codes of the tax administration (DGFiP): communes, rights on a parcel, groups of persons."""

import re

import pandas as pd

# Files up to 2023 give bare codes; the later ones « code - libellé », in these words or near.
RIGHTS = {
    "P": "Propriétaire",
    "U": "Usufruitier",
    "N": "Nu-propriétaire",
    "B": "Bailleur à construction",
    "R": "Preneur à construction",
    "E": "Emphytéote",
    "F": "Foncier",
    "G": "Gérant, mandataire, gestionnaire",
    "S": "Syndic de copropriété",
}
PERSON_GROUPS = {
    "0": "Personnes morales non remarquables",
    "1": "État",
    "2": "Région",
    "3": "Département",
    "4": "Commune",
    "5": "Office HLM",
    "6": "Sociétés d'économie mixte",
    "7": "Copropriétaires",
    "8": "Associés",
    "9": "Établissements publics",
}
# The cadastre knows the arrondissements of these communes, and not the communes.
ARRONDISSEMENTS = {"75056": "751", "69123": "6938", "13055": "132"}
_CODED = r"^(?P<code>[0-9A-Za-z]{1,2})\s+-\s+(?P<label>.+)$"
_LEADING_CODE = re.compile(r"\s*([0-9A-Za-z]*)")
_OVERSEAS = "97"
_COMMUNE_DIGITS = 3


def insee_code(departement: str, direction: str, commune: str) -> str:
    """
    Return the INSEE code of a commune, from the three codes of the DGFiP.

    Mainland: two characters of département, three digits of commune; the direction (two in some
    départements) is of no use. Overseas, the third digit is that of the département: it comes with
    the département (`971`), with the commune (`105`), or as the direction (`1`).
    """
    dep, way, com = (_LEADING_CODE.match(text) for text in (departement, direction, commune))
    dep_code, way_code, com_code = (found[1] if found else "" for found in (dep, way, com))
    if not dep_code.startswith(_OVERSEAS):
        return dep_code.upper().zfill(2)[:2] + com_code.zfill(_COMMUNE_DIGITS)
    if len(dep_code) > len(_OVERSEAS):
        return dep_code + com_code.zfill(2)[-2:]
    is_whole = len(com_code) >= _COMMUNE_DIGITS and not com_code.startswith("0")
    return _OVERSEAS + (com_code if is_whole else way_code[:1] + com_code.zfill(2)[-2:])


def split_coded(
    values: "pd.Series[str]", known: dict[str, str]
) -> tuple["pd.Series[str]", "pd.Series[str]"]:
    """Return the code and the words of « P - Propriétaire » or « P »; missing when not told."""
    parts = values.str.extract(_CODED)
    bare = values.where(values.str.fullmatch(r"[0-9A-Za-z]{1,2}"))
    code = parts["code"].fillna(bare).str.upper()
    is_other = code.isna() & (values != "")
    label = parts["label"].fillna(code.map(known)).fillna(values.where(is_other))
    return code, label
