"""Which communes a refresh is about: codes, départements or a région, from the deposited limits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.crs import Territory, territory_of
from pipeline.errors import ConfigError, SourceError
from pipeline.export.product import departement_of
from pipeline.export.region import Area
from pipeline.ingestion.catalogue import Catalogue
from pipeline.ingestion.communes import INSEE_CODE, insee_codes
from pipeline.ingestion.dgfip_codes import ARRONDISSEMENTS
from pipeline.ingestion.files import find_files
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope


class Region(BaseModel):
    """A région and its départements, by INSEE code."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    name: str
    departements: tuple[str, ...]


@dataclass(frozen=True)
class Covered:
    """An area that has a product of its own, and its communes."""

    area: Area
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Chosen:
    """INSEE codes, sorted, and what to say of those that are left out (French)."""

    codes: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def load_regions(path: Path) -> tuple[Region, ...]:
    """
    Read `regions.yaml`.

    Raises
    ------
    ConfigError
        If the file is unreadable or breaks the `Region` model.
    """
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        return tuple(Region.model_validate(item) for item in raw)
    except (OSError, yaml.YAMLError, TypeError, ValidationError) as error:
        msg = f"{path} : régions illisibles : {' '.join(str(error).split())}"
        raise ConfigError(msg) from error


def departements_of(region: str, regions: Iterable[Region]) -> tuple[str, ...]:
    """Return the départements of a région; raise `ConfigError` if there is none of this code."""
    known = {item.code: item for item in regions}
    if region not in known:
        names = ", ".join(f"{item.code} {item.name}" for item in known.values())
        msg = f"région « {region} » inconnue ; codes INSEE : {names}"
        raise ConfigError(msg)
    return known[region].departements


def given_communes(codes: Sequence[str]) -> Chosen:
    """Return the communes given by their codes, each once; raise `SourceError` on a wrong form."""
    for code in codes:
        if INSEE_CODE.fullmatch(code) is None:
            msg = (
                f"« {code[:20]} » n'est pas un code INSEE de commune : cinq caractères, comme 35236"
            )
            raise SourceError(msg)
    return Chosen(tuple(sorted(set(codes))))


def communes_of(
    departements: Sequence[str],
    data: Path,
    catalogue: Catalogue,
    territories: tuple[Territory, ...],
) -> Chosen:
    """
    Return the communes of départements that the limits of a data folder hold.

    Paris, Lyon and Marseille are their whole commune, where the limits draw it: its
    arrondissements are then left out, and told.

    Raises
    ------
    SourceError
        If there are no limits, or none of these départements.
    """
    wanted = tuple(dict.fromkeys(code.upper() for code in departements))
    held = _held(data, catalogue, territory_of(wanted[0], territories))
    codes = {code for code in held if departement_of(code) in wanted}
    missing = [name for name in wanted if not any(departement_of(code) == name for code in codes)]
    if len(missing) == len(wanted):
        msg = (
            f"communes/ : aucune commune de {', '.join(missing)} ; vérifier le code, ou déposer"
            " ses limites"
        )
        raise SourceError(msg)
    remarks = [f"communes/ : aucune commune du département {name}" for name in missing]
    parts = {code for whole in codes & set(ARRONDISSEMENTS) for code in _within(whole, codes)}
    if parts:
        remarks.append(f"arrondissements traités avec leur commune : {', '.join(sorted(parts))}")
    return Chosen(tuple(sorted(codes - parts)), tuple(remarks))


def areas_of(
    departements: Sequence[str],
    regions: Sequence[str],
    codes: Sequence[str],
    known: Iterable[Region],
    territories: tuple[Territory, ...],
) -> tuple[Covered, ...]:
    """
    Return the areas asked that have communes, each with its own ones.

    The product of région 32 is `region_32.gpkg`, that of département 62 `departement_62.gpkg`.
    """
    named = {item.code: item for item in known}
    asked = [
        *((f"region_{code}", named[code].name, named[code].departements) for code in regions),
        *((f"departement_{code}", f"Département {code}", (code,)) for code in departements),
    ]
    found = []
    for name, label, parts in asked:
        own = tuple(code for code in codes if departement_of(code) in parts)
        if own:
            found.append(Covered(Area(name, label, territory_of(own[0], territories)), own))
    return tuple(found)


def held_communes(
    data: Path, catalogue: Catalogue, territories: tuple[Territory, ...]
) -> tuple[str, ...]:
    """
    Return every commune of the limits of a data folder, by INSEE code.

    Raises
    ------
    SourceError
        If there are no limits.
    """
    return tuple(sorted(_held(data, catalogue, territories[0])))


def _within(whole: str, codes: Iterable[str]) -> set[str]:
    start = ARRONDISSEMENTS[whole]
    return {code for code in codes if code.startswith(start) and code != whole}


def _held(data: Path, catalogue: Catalogue, territory: Territory) -> set[str]:
    """Return every code of the limits: columns alone, nothing is placed."""
    with TemporaryDirectory(prefix="parzan-") as work:
        files = find_files(data, "communes", Path(work))
        if not files:
            msg = f"{data}/communes : dossier absent ; y déposer les limites communales"
            raise SourceError(msg)
        scope = Scope(territory, None, "", catalogue, Path(work))
        return {code for file in files for code in insee_codes(FileReport(file), scope)}
