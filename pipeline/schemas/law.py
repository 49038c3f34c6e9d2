"""Tables of the law: perimeters over a car park, verdicts and the way to them."""

import pandera.geopandas as pg
from pandera.typing import Series

from pipeline.schemas.tables import PlainTable


class ProtectionShare(PlainTable):
    """
    Share of a lot inside a protection perimeter, in [0, 1].

    `kind_share` is the share inside all perimeters of that kind, together; exactly 1 when the lot
    is wholly inside.
    """

    lot_id: Series[str]
    perimeter_id: Series[str]
    kind: Series[str]
    share: Series[float] = pg.Field(gt=0, le=1)
    kind_share: Series[float] = pg.Field(gt=0, le=1)


class Verdict(PlainTable):
    """
    What the law asks of each lot on the day of the run.

    `regime` is the text that decides, `situation` what is known of the age of the park. Areas in m²
    on the ground, penalties in euros a year, dates in ISO.
    """

    lot_id: Series[str] = pg.Field(unique=True)
    regime: Series[str] = pg.Field(isin=["existant_1500", "neuf_500", "inconnu", "aucun"])
    regime_is_presumed: Series[bool]
    situation: Series[str] = pg.Field(isin=["existant", "nouveau", "renove", "inconnu", "aucun"])
    status: Series[str] = pg.Field(
        isin=["assujetti", "non_assujetti", "exonere", "a_verifier", "hors_champ"]
    )
    reason_code: Series[str]
    reason: Series[str]
    question: Series[str] = pg.Field(nullable=True)
    how_to_settle: Series[str] = pg.Field(nullable=True)
    articles: Series[str]
    due_date: Series[str] = pg.Field(nullable=True)
    other_due_date: Series[str] = pg.Field(nullable=True)
    deferred_due_date: Series[str] = pg.Field(nullable=True)
    deferral_state: Series[str] = pg.Field(
        nullable=True, isin=["a_justifier", "justifie", "ecarte"]
    )
    deferral_conditions: Series[str] = pg.Field(nullable=True)
    due_state: Series[str] = pg.Field(
        nullable=True, isin=["a_venir", "echue", "echue_report_a_justifier"]
    )
    penalty_cap_eur: Series[float] = pg.Field(nullable=True, gt=0)
    other_penalty_cap_eur: Series[float] = pg.Field(nullable=True, gt=0)
    area_to_cover_m2: Series[float] = pg.Field(nullable=True, ge=0)
    mixed_canopy_min_m2: Series[float] = pg.Field(nullable=True, ge=0)
    rainwater_to_treat_m2: Series[float] = pg.Field(nullable=True, ge=0)
    shade_to_provide_m2: Series[float] = pg.Field(nullable=True, ge=0)
    debtor: Series[str] = pg.Field(nullable=True)
    possible_derogations: Series[str] = pg.Field(nullable=True)
    required_tree_count: Series[float] = pg.Field(nullable=True, ge=0)
    equipment: Series[str] = pg.Field(
        nullable=True, isin=["suffisant", "suffisant_mixte", "a_verifier", "partiel", "aucun"]
    )


class DecisionStep(PlainTable):
    """
    One comparison of the reasoning for a lot, in order of `rank`.

    `value` and `threshold` are texts that read back exactly (a number with a point, an ISO date, a
    word); `result` is `inconnu` when the value is missing. `if_true` and `if_false` say where the
    comparison leads, as `status/reason_code`; missing: the reasoning goes on.
    """

    lot_id: Series[str]
    rank: Series[int] = pg.Field(ge=1)
    law: Series[str]
    step: Series[str]
    question: Series[str]
    article: Series[str] = pg.Field(nullable=True)
    rule_id: Series[str] = pg.Field(nullable=True)
    value: Series[str] = pg.Field(nullable=True)
    unit: Series[str] = pg.Field(nullable=True)
    comparison: Series[str] = pg.Field(nullable=True, isin=[">", "≥", "<", "≤", "="])
    threshold: Series[str] = pg.Field(nullable=True)
    result: Series[str] = pg.Field(isin=["oui", "non", "inconnu", "mesure"])
    if_true: Series[str] = pg.Field(nullable=True)
    if_false: Series[str] = pg.Field(nullable=True)


class Plea(PlainTable):
    """
    What takes, or may take, the obligation off a lot: an exemption or a possible derogation.

    `share` is the share of the lot concerned, in [0, 1], missing when it is not a surface;
    `certainty`: `automatique` (exempts by itself), `partielle` (an automatic one that covers a part
    only), `possible` (the owner must prove it).
    """

    lot_id: Series[str]
    code: Series[str]
    label: Series[str]
    article: Series[str]
    share: Series[float] = pg.Field(nullable=True, ge=0, le=1)
    certainty: Series[str] = pg.Field(isin=["automatique", "partielle", "possible"])
    basis: Series[str]
    ends_on: Series[str] = pg.Field(nullable=True)
    needs_review: Series[bool]


class Ownership(PlainTable):
    """
    Owner and neighbours of each lot.

    `owner_group` is shared by the lots of one owner (its SIREN, else its name), missing without
    published owner; `neighbour_group` by the lots that touch, directly or through others, missing
    for a lot alone. Adjacent lots stay distinct: their areas are never summed.
    """

    lot_id: Series[str] = pg.Field(unique=True)
    owner_name: Series[str]
    siren: Series[str] = pg.Field(nullable=True)
    owner_share: Series[float] = pg.Field(nullable=True, ge=0, le=1)
    owner_group: Series[str] = pg.Field(nullable=True)
    neighbour_group: Series[str] = pg.Field(nullable=True)
    neighbour_ids: Series[str] = pg.Field(nullable=True)


class SolarPotential(PlainTable):
    """Power (kWc) and yearly energy (kWh) of the area to cover, with low and high values."""

    lot_id: Series[str] = pg.Field(unique=True)
    power_kwc: Series[float] = pg.Field(nullable=True, ge=0)
    power_min_kwc: Series[float] = pg.Field(nullable=True, ge=0)
    power_max_kwc: Series[float] = pg.Field(nullable=True, ge=0)
    energy_kwh: Series[float] = pg.Field(nullable=True, ge=0)
    energy_min_kwh: Series[float] = pg.Field(nullable=True, ge=0)
    energy_max_kwh: Series[float] = pg.Field(nullable=True, ge=0)
    yield_source: Series[str] = pg.Field(nullable=True, isin=["grille", "departement"])


class Priority(PlainTable):
    """Order in which to instruct the lots: 1 first; missing where nothing is to be instructed."""

    lot_id: Series[str] = pg.Field(unique=True)
    points: Series[float] = pg.Field(nullable=True, ge=0)
    priority: Series[float] = pg.Field(nullable=True, ge=1)
