"""Contracts of what is kept from one run to the next: identity, corrections, changes."""

import pandera.geopandas as pg
from pandera.engines.geopandas_engine import Geometry
from pandera.typing import Series
from pandera.typing.geopandas import GeoSeries

from pipeline.schemas.tables import PlainTable, Polygons, Table

LINEAGE_EVENTS = (
    "creation",
    "renumerotation",
    "scission",
    "fusion",
    "disparition",
    "reapparition",
)
PARK_STATES = ("present", "disparu", "fusionne")
CORRECTION_ACTIONS = (
    "confirmer",
    "rejeter",
    "redessiner",
    "ajouter",
    "fusionner",
    "scinder",
    "fixer_statut",
    "fixer_places",
    "fixer_usage",
    "fixer_date",
)
REPLAY_STATES = ("appliquee", "remplacee", "conflit", "sans_effet")
# What an agent draws is a source like another: its name, and the start of its ids.
AGENT = "agent"
AGENT_PREFIX = "agent:"
CHANGE_KINDS = (
    "nouveau",
    "disparu",
    "superficie",
    "statut",
    "seuil",
    "echeance",
    "echeance_proche",
    "correction",
)
# Among the fingerprints: the day on which a product may change by itself, ISO.
UNTIL = "valable_jusqu_au"
STATUSES = ("assujetti", "non_assujetti", "exonere", "a_verifier", "hors_champ")
CHANGE_CAUSES = ("donnees", "regle", "hypothese", "correction", "code", "calendrier")


class KnownPark(Polygons):
    """
    Every car park that ever had an identifier here, as detected: never as an agent redrew it.

    Outline and source ids are those of today, or the last ones of a park that has ended. No row
    is ever removed: it is how a park that comes back finds its identifier again.
    """

    lot_id: Series[str] = pg.Field(unique=True)
    state: Series[str] = pg.Field(isin=PARK_STATES)
    source_ids: Series[str] = pg.Field(nullable=True)


class Lineage(PlainTable):
    """
    What happened to the identity of a car park: one row per event, never removed.

    `related_id` is the park that another was cut from (`scission`, `reapparition`) or went into
    (`fusion`); `share` the part of the smaller outline that both, or that the park before and
    after, have in common. `source_ids` are those that a park loses when it is renumbered or ends,
    and those it has when it appears; `seen_on` is an ISO date.
    """

    lot_id: Series[str]
    event: Series[str] = pg.Field(isin=LINEAGE_EVENTS)
    related_id: Series[str] = pg.Field(nullable=True)
    share: Series[float] = pg.Field(nullable=True, ge=0, le=1)
    source_ids: Series[str] = pg.Field(nullable=True)
    seen_on: Series[str]


class Decided(Table):
    """What an agent decided, of which park and when: the same in every table that tells of it."""

    lot_id: Series[str] = pg.Field(nullable=True)
    action: Series[str] = pg.Field(nullable=True, isin=CORRECTION_ACTIONS)
    value: Series[str] = pg.Field(nullable=True)
    agent: Series[str] = pg.Field(nullable=True)
    decided_on: Series[str] = pg.Field(nullable=True)


class Correction(Decided):
    """
    A decision of an agent, as the review file holds it.

    `correction_id` is stable in the file; `base_hash` that of the outline which the agent saw;
    `geometry` the outline drawn, in the territory CRS, if the action asks for one. `fault` says in
    French why the row cannot be used; an action that is not in the list is missing, and told there.
    """

    correction_id: Series[str] = pg.Field(unique=True)
    motive: Series[str] = pg.Field(nullable=True)
    base_hash: Series[str] = pg.Field(nullable=True)
    fault: Series[str] = pg.Field(nullable=True)
    geometry: GeoSeries[Geometry] = pg.Field(nullable=True)


class ReplayedCorrection(Decided):
    """
    What became of a correction in this run; `geometry` is the detected outline it was taken on.

    The outline is kept from run to run: it tells how far the base has moved since. Of a merge it is
    that of both parks together; `lot_id` of an added park is the one that was minted for it.
    """

    correction_id: Series[str] = pg.Field(unique=True)
    motive: Series[str] = pg.Field(nullable=True)
    base_hash: Series[str] = pg.Field(nullable=True)
    state: Series[str] = pg.Field(isin=REPLAY_STATES)
    reason: Series[str] = pg.Field(nullable=True)
    geometry: GeoSeries[Geometry] = pg.Field(nullable=True)


class Conflict(Decided):
    """
    A correction that no longer fits: one row for the outline it saw, one for that of today.

    `moved_share` is the area of the symmetric difference over that of the union.
    """

    correction_id: Series[str]
    role: Series[str] = pg.Field(isin=["base", "actuel"])
    moved_share: Series[float] = pg.Field(nullable=True, ge=0, le=1)
    reason: Series[str]
    geometry: GeoSeries[Geometry] = pg.Field(nullable=True)


class StatusOverride(PlainTable):
    """The status that an agent gives a car park, instead of the computed one."""

    lot_id: Series[str] = pg.Field(unique=True)
    status: Series[str] = pg.Field(isin=STATUSES)
    motive: Series[str] = pg.Field(nullable=True)
    agent: Series[str] = pg.Field(nullable=True)
    decided_on: Series[str] = pg.Field(nullable=True)


class JournalEntry(PlainTable):
    """
    A change between the last published product and this one; earlier entries are kept.

    `lot_id` is missing for a change of the whole commune; `causes` are codes of `CHANGE_CAUSES`
    joined by `;`; `before` and `after` are texts.
    """

    seen_on: Series[str]
    lot_id: Series[str] = pg.Field(nullable=True)
    name: Series[str] = pg.Field(nullable=True)
    kind: Series[str] = pg.Field(isin=CHANGE_KINDS)
    before: Series[str] = pg.Field(nullable=True)
    after: Series[str] = pg.Field(nullable=True)
    causes: Series[str]
    detail: Series[str]


class Fingerprint(PlainTable):
    """Digest of one thing that a product was made from, by name (`regles`, `hypotheses`, …)."""

    name: Series[str] = pg.Field(unique=True)
    value: Series[str]
