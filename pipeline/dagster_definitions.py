"""
What Dagster loads (`dagster dev -m pipeline.dagster_definitions`): one partition per département.

It does what `parzan refresh --departement` does, by the same function, and tells it in Dagster's
words. Nothing else imports this module: Dagster is an optional extra. Telemetry, and how many
départements may run at once, are settings of the instance (`dagster.yaml`): `docs/exploitation.md`.
"""

import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from pipeline.crs import load_territories
from pipeline.errors import ConfigError, PipelineError
from pipeline.export.product import departement_of
from pipeline.ingestion.catalogue import load_catalogue
from pipeline.region_communes import areas_of, communes_of, held_communes, load_regions
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.commune_task import Outcome
    from pipeline.region import Refreshed, Request

CHECK = "communes_en_echec"
# One refresh at a time works in a folder of products. A pool is limited by the instance, not here.
POOL = "parzan"
FIRST_NIGHT = "0 2 1 * *"
PARIS = "Europe/Paris"


def _departements() -> tuple[str, ...]:
    regions = load_regions(Settings().config / "regions.yaml")
    return tuple(sorted(code for region in regions for code in region.departements))


DEPARTEMENTS = dg.StaticPartitionsDefinition(_departements())


class Reglages(dg.ConfigurableResource[None]):
    """Where things are and where to compute; what is not given is read from `PARZAN_*`."""

    data: str | None = Field(
        default=None, description="Dossier des sources ; sinon PARZAN_DATA, sinon data/sources."
    )
    out: str | None = Field(
        default=None, description="Dossier des produits ; sinon PARZAN_OUT, sinon data/exports."
    )
    workers: int = Field(default=1, ge=1, description="Processus de calcul sur cette machine.")
    scheduler: str | None = Field(default=None, description="Ordonnanceur Dask déjà lancé.")

    def data_folder(self, settings: Settings) -> Path:
        """Return the folder of the sources."""
        return Path(self.data) if self.data else settings.data

    def out_folder(self, settings: Settings) -> Path:
        """Return the folder of the products."""
        return Path(self.out) if self.out else settings.out


class Demande(dg.Config):
    """What one run may ask for."""

    jour: str | None = Field(
        default=None, description="Date de la loi, AAAA-MM-JJ ; sinon aujourd'hui à Paris."
    )


class _Teller:
    """Writes in the log of a run what goes on; what many communes say is told once."""

    def __init__(self, log: dg.DagsterLogManager) -> None:
        self._log = log
        self._told: set[str] = set()

    def came(self, outcome: "Outcome") -> None:
        """Tell the failure of a commune, and its warnings that no other one gave."""
        if outcome.error is not None:
            self._log.error("%s : %s", outcome.insee_code, outcome.error)
        for warning in outcome.warnings:
            if warning not in self._told:
                self._told.add(warning)
                self._log.warning("%s : %s", outcome.insee_code, warning)


@dg.asset(
    partitions_def=DEPARTEMENTS,
    group_name="parzan",
    pool=POOL,
    check_specs=[
        dg.AssetCheckSpec(
            CHECK,
            asset="produits",
            description="Aucune commune en échec ; le produit d'avant d'une telle commune reste.",
        )
    ],
    description=(
        "Un GeoPackage par commune du département, refait là où données, règles ou corrections ont"
        " changé. Estimation sur données publiques : ne vaut ni constat ni décision."
    ),
)
def produits(
    context: dg.AssetExecutionContext, config: Demande, reglages: Reglages
) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster reads the bare name alone
    """
    Refresh the communes of one département.

    Raises
    ------
    Failure
        On an error told in one line, as of exit code 1; or if every commune failed. If some did
        (exit code 3), the check says so and the products of the others stand.
    """
    from pipeline.refresh_report import refreshed_document

    began = time.monotonic()
    settings = Settings()
    try:
        request = _request(context, config, reglages, settings)
        done = _refreshed(request, settings, context.log)
    except PipelineError as error:
        raise dg.Failure(" ".join(str(error).split()), allow_retries=False) from error
    document = refreshed_document(done, request.out)
    errors = {code: str(done.outcomes[code].error) for code in done.failed}
    metadata: dict[str, Any] = {
        "communes_faites": document["faites"],
        "communes_inchangees": document["inchangees"],
        "communes_en_echec": document["echecs"],
        "secondes": round(time.monotonic() - began, 1),
        "moteur": document["moteur"],
        "dossier": dg.MetadataValue.path(str(request.out.absolute() / context.partition_key)),
        "fichiers": document["fichiers"],
    }
    if len(errors) == len(request.codes):
        msg = f"{context.partition_key} : toutes les communes ont échoué ; voir « echecs »"
        raise dg.Failure(msg, metadata | {"echecs": errors}, allow_retries=False)
    return dg.MaterializeResult(metadata=metadata, check_results=[_checked(errors)])


def _checked(errors: dict[str, str]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=CHECK,
        passed=not errors,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{len(errors)} commune(s) en échec",
        metadata={"nombre": len(errors), "echecs": errors},
    )


def _request(
    context: dg.AssetExecutionContext, config: Demande, reglages: Reglages, settings: Settings
) -> "Request":
    from pipeline.region import Request

    data, asked = reglages.data_folder(settings), [context.partition_key]
    territories = load_territories(settings.config / "territories.yaml")
    regions = load_regions(settings.config / "regions.yaml")
    catalogue = load_catalogue(settings.config / "sources.yaml")
    chosen = communes_of(asked, data, catalogue, territories)
    for remark in chosen.remarks:
        context.log.warning(remark)
    return Request(
        codes=chosen.codes,
        data=data,
        out=reglages.out_folder(settings),
        day=_day(config.jour),
        workers=reglages.workers,
        scheduler=reglages.scheduler,
        covered=areas_of(asked, (), chosen.codes, regions, territories),
    )


def _day(given: str | None) -> date:
    from pipeline.cli_options import day_of

    if given is None:
        return day_of(None)
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        msg = f"jour « {given[:20]} » : date attendue, AAAA-MM-JJ"
        raise ConfigError(msg) from error


def _refreshed(request: "Request", settings: Settings, log: dg.DagsterLogManager) -> "Refreshed":
    from pipeline.refresh_report import said_plan
    from pipeline.region import Listener, refresh

    teller = _Teller(log)
    listener = Listener(
        step=log.info,
        warn=log.warning,
        planned=lambda plan, engine: log.info("%s ; %s", said_plan(plan), engine or "rien à faire"),
        came=teller.came,
    )
    return refresh(request, settings, listener)


actualisation = dg.define_asset_job(
    "actualisation",
    selection=[produits],
    description="Actualise les produits d'un département.",
)


@dg.schedule(
    name="premiere_nuit_du_mois",
    job=actualisation,
    cron_schedule=FIRST_NIGHT,
    execution_timezone=PARIS,
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Le 1er du mois à 2 h, chaque département dont les limites communales sont là.",
)
def premiere_nuit_du_mois(
    context: dg.ScheduleEvaluationContext, reglages: Reglages
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for one run per département that the data hold; say why when there is none."""
    settings = Settings()
    try:
        held = held_communes(
            reglages.data_folder(settings),
            load_catalogue(settings.config / "sources.yaml"),
            load_territories(settings.config / "territories.yaml"),
        )
    except PipelineError as error:
        yield dg.SkipReason(" ".join(str(error).split()))
        return
    here = sorted({departement_of(code) for code in held})
    known = [code for code in here if DEPARTEMENTS.has_partition_key(code)]
    if not known:
        yield dg.SkipReason("communes/ : aucune limite communale lisible ; les déposer")
    night = context.scheduled_execution_time.date().isoformat()
    for code in known:
        yield dg.RunRequest(run_key=f"{night}-{code}", partition_key=code)


# One asset is one step: a second process would only hold the libraries twice.
defs = dg.Definitions(
    assets=[produits],
    jobs=[actualisation],
    schedules=[premiere_nuit_du_mois],
    resources={"reglages": Reglages()},
    executor=dg.in_process_executor,
)
