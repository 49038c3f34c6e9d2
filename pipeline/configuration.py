"""What a run needs beside the data: the law, the modelling choices, what sources are."""

from dataclasses import dataclass

from pipeline.assumptions import Assumptions, load_assumptions
from pipeline.crs import Territory, load_territories
from pipeline.fingerprints import Making, making_of
from pipeline.ingestion.catalogue import Catalogue, load_catalogue
from pipeline.obligation.law import check_completeness
from pipeline.rule_files import load_rules
from pipeline.rules import RuleBook
from pipeline.settings import Settings


@dataclass(frozen=True)
class Configuration:
    """
    What a run needs beside the data: the law, the modelling choices, what sources are.

    `making` are the digests of these and of the code.
    """

    rules: RuleBook
    assumptions: Assumptions
    territories: tuple[Territory, ...]
    catalogue: Catalogue
    making: Making

    @classmethod
    def load(cls, settings: Settings) -> "Configuration":
        """Read and check every configuration file; raise `ConfigError` on the first fault."""
        rules = load_rules(settings.config / "rules")
        check_completeness(rules)
        return cls(
            rules=rules,
            assumptions=load_assumptions(settings.config / "assumptions.yaml"),
            territories=load_territories(settings.config / "territories.yaml"),
            catalogue=load_catalogue(settings.config / "sources.yaml"),
            making=making_of(settings.config),
        )
