"""Rule files of `config/rules` → one book: read, checked, refused when two say the same thing."""

from pathlib import Path

import yaml
from pydantic import Field, HttpUrl, ValidationError

from pipeline.errors import ConfigError, describe_faults
from pipeline.land_nomenclature import LandNomenclature
from pipeline.legal_values import Dated, Derogation, Exclusion, Protection, Rule, Strict
from pipeline.rules import RuleBook

# A local rule gives another value, never another way to measure or to compare.
_SAME_AS_GENERAL = ("unit", "comparison", "share_of")


class _RuleFile(Strict):
    text: str
    href: HttpUrl | None = None
    rules: tuple[Rule, ...] = ()
    exclusions: tuple[Exclusion, ...] = Field(
        default=(), description="in order of precedence: overlapping pieces go to the first"
    )
    protections: tuple[Protection, ...] = ()
    derogations: tuple[Derogation, ...] = ()
    land: tuple[LandNomenclature, ...] = ()


def load_rules(folder: Path) -> RuleBook:
    """
    Read every rule file of `folder`, in the order of their names.

    Raises
    ------
    ConfigError
        If the folder is empty, a key is unknown or written twice, a share has no base or leaves
        [0, 1], a number is not finite, a threshold has no comparison, two periods overlap, two
        files hold the same rule, a local rule is measured otherwise than the general one, or the
        nomenclature of land leaves a cell without answer or with two; the message names the file
        and the field.
    """
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        msg = f"{folder} : aucun fichier de règles (*.yaml) ; corriger PARZAN_CONFIG ou réinstaller"
        raise ConfigError(msg)
    files = [_read(path) for path in paths]
    book = RuleBook(
        rules=tuple(rule for file in files for rule in file.rules),
        exclusions=tuple(item for file in files for item in file.exclusions),
        protections=tuple(item for file in files for item in file.protections),
        derogations=tuple(item for file in files for item in file.derogations),
        land=tuple(item for file in files for item in file.land),
    )
    _refuse_twins(folder, book)
    _check_local_rules(folder, book)
    _check_conditions(folder, book)
    return book


def _read(path: Path) -> _RuleFile:
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader
        return _RuleFile.model_validate(raw)
    except ValidationError as error:
        msg = f"{path} : {describe_faults(error.errors())}"
        raise ConfigError(msg) from error
    except (OSError, yaml.YAMLError) as error:
        msg = f"{path} : illisible comme YAML : {' '.join(str(error).split())}"
        raise ConfigError(msg) from error


def _check_local_rules(folder: Path, book: RuleBook) -> None:
    """Refuse a local rule whose general one is nowhere or unlike, or replaced twice."""
    known = {rule.id: rule for rule in book.rules}
    places: set[tuple[str, str]] = set()
    for rule in book.rules:
        if rule.replaces is None:
            continue
        general = known.get(rule.replaces)
        if general is None:
            msg = f"{folder} : {rule.id} remplace {rule.replaces}, qui n'est dans aucun fichier"
            raise ConfigError(msg)
        for key in _SAME_AS_GENERAL:
            mine, its = getattr(rule, key), getattr(general, key)
            if mine != its:
                msg = f"{folder} : {rule.id} a pour {key} {mine}, {general.id} {its} ; les accorder"
                raise ConfigError(msg)
        for place in rule.departements:
            if (rule.replaces, place) in places:
                msg = f"{folder} : {rule.replaces} remplacée deux fois dans le {place}"
                raise ConfigError(msg)
            places.add((rule.replaces, place))


def _check_conditions(folder: Path, book: RuleBook) -> None:
    """Refuse an exemption of land whose condition is no rule of the book."""
    known = {rule.id for rule in book.rules}
    for exemption in (item for nomenclature in book.land for item in nomenclature.exemptions):
        unknown = [rule_id for rule_id in exemption.conditions if rule_id not in known]
        if unknown:
            msg = f"{folder} : {exemption.code} demande {unknown[0]}, qui n'est dans aucun fichier"
            raise ConfigError(msg)


def _refuse_twins(folder: Path, book: RuleBook) -> None:
    """Refuse what two entries hold on one day: a rule, an exclusion, a perimeter, a plea, land."""
    seen: dict[str, list[Dated]] = {}
    for rule in book.rules:
        if rule.id in seen:
            msg = f"{folder} : règle {rule.id} écrite deux fois ; n'en garder qu'une"
            raise ConfigError(msg)
        seen[rule.id] = []
    for name, item in (
        *((f"exclusion {item.motif}", item) for item in book.exclusions),
        *((f"protection {item.kind}", item) for item in book.protections),
        *((f"dérogation {item.code}", item) for item in book.derogations),
        *(("nomenclature des sols", item) for item in book.land),
    ):
        earlier = seen.setdefault(name, [])
        if any(item.covers(other.valid_from) or other.covers(item.valid_from) for other in earlier):
            msg = (
                f"{folder} : {name} en vigueur deux fois au {item.valid_from} ; borner la première"
            )
            raise ConfigError(msg)
        earlier.append(item)


class _UniqueKeyLoader(yaml.CSafeLoader):
    """A safe YAML loader that refuses a key written twice in one mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        """Build a mapping whose keys differ."""
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"clé {key!r} écrite deux fois", node.start_mark
                )
        return super().construct_mapping(node, deep=deep)
