"""French words of a detail: statuses, corrections, days, areas that do not hide a threshold."""

from datetime import date

from pipeline.french import number

STATUS_WORDS = {
    "assujetti": "assujetti",
    "a_verifier": "à vérifier",
    "exonere": "exonéré",
    "non_assujetti": "non assujetti",
    "hors_champ": "hors champ",
}
ACTION_WORDS = {
    "confirmer": "confirmer le parc",
    "rejeter": "rejeter le parc",
    "redessiner": "redessiner le contour",
    "ajouter": "ajouter un parc",
    "fusionner": "fusionner",
    "scinder": "scinder",
    "fixer_statut": "fixer le statut",
    "fixer_places": "fixer les places",
    "fixer_usage": "fixer l'usage",
    "fixer_date": "fixer une date",
}
STATE_WORDS = {
    "appliquee": "appliquée",
    "remplacee": "remplacée par une plus récente",
    "conflit": "en conflit",
    "sans_effet": "sans effet",
}
UNKNOWN = "inconnue"
_MOST_DECIMALS = 3


def status_words(code: str | None) -> str:
    """Return what an analyst reads for a status; a code without words stays one."""
    return "aucun" if code is None else STATUS_WORDS.get(code, code)


def day_words(day: date | None) -> str:
    """Write a day as the French do: 01/07/2028; « aucune » for none."""
    return "aucune" if day is None else f"{day:%d/%m/%Y}"


def area_words(area: float | None, *others: float | None) -> str:
    """
    Write an area in whole square metres, without the unit.

    It gets decimals where rounding would make it equal to one of `others`, from which it differs:
    1 500,004 beside 1 500.
    """
    if area is None:
        return UNKNOWN
    beside = [other for other in others if other is not None and other != area]
    for digits in range(_MOST_DECIMALS + 1):
        if all(round(area, digits) != round(other, digits) for other in beside):
            return _decimals(area, digits)
    return repr(area).replace(".", ",")


def _decimals(area: float, digits: int) -> str:
    if not digits:
        return number(area)
    whole, decimals = f"{area:,.{digits}f}".split(".")
    shown = decimals.rstrip("0")
    thousands = whole.replace(",", "\u202f")
    return f"{thousands},{shown}" if shown else thousands
