"""`parzan rules` and `parzan sources`: the law as dated values, the folders of the data."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli_options import (
    DATES,
    EXIT_ERROR,
    EXIT_SOME_FAILED,
    AsJson,
    Data,
    On,
    day_of,
    one_clear_line,
    say,
    say_error,
    stderr,
    warn,
)

_INSEE_LENGTH = 5

rules_app = typer.Typer(no_args_is_help=True, help="Les valeurs légales, datées.")
sources_app = typer.Typer(no_args_is_help=True, help="Les sources de données.")


@rules_app.command("show")
def rules_show(on: On = None, *, as_json: AsJson = False) -> None:
    """Affiche les valeurs légales en vigueur à une date."""
    with one_clear_line():
        from pipeline.rule_files import load_rules
        from pipeline.rule_report import print_rules, rules_document
        from pipeline.settings import Settings

        book, day = load_rules(Settings().config / "rules"), day_of(on)
        book.as_of(day)
    if as_json:
        typer.echo(json.dumps(rules_document(book, day), ensure_ascii=False))
    else:
        print_rules(book, day, Console())


@rules_app.command("diff")
def rules_diff(
    before: Annotated[datetime, typer.Argument(metavar="DATE1", formats=DATES)],
    after: Annotated[datetime, typer.Argument(metavar="DATE2", formats=DATES)],
    *,
    as_json: AsJson = False,
) -> None:
    """Dit ce qui a changé dans le droit après DATE1 et jusqu'à DATE2 comprise."""
    days = (before.date(), after.date())
    if days[0] > days[1]:
        msg = f"{days[0]} suit {days[1]} : donner la date la plus ancienne d'abord"
        raise typer.BadParameter(msg)
    with one_clear_line():
        from pipeline.rule_changes import changes
        from pipeline.rule_files import load_rules
        from pipeline.rule_report import changes_document, print_changes
        from pipeline.settings import Settings

        found = changes(load_rules(Settings().config / "rules"), *days)
    if as_json:
        typer.echo(json.dumps(changes_document(found), ensure_ascii=False))
    else:
        print_changes(found, *days, Console())


@rules_app.command("check")
def rules_check() -> None:
    """Vérifie les fichiers de règles et les hypothèses."""
    with one_clear_line():
        from pipeline.assumptions import load_assumptions
        from pipeline.obligation.law import check_completeness
        from pipeline.rule_files import load_rules
        from pipeline.settings import Settings

        folder = Settings().config
        book = load_rules(folder / "rules")
        check_completeness(book)
        load_assumptions(folder / "assumptions.yaml")
    doubts = [
        *(rule.needs_review for rule in book.rules),
        *(exclusion.needs_review for exclusion in book.exclusions),
        *(protection.needs_review for protection in book.protections),
        *(derogation.needs_review for derogation in book.derogations),
        *(land.needs_review for land in book.land),
        *(exemption.needs_review for land in book.land for exemption in land.exemptions),
    ]
    typer.echo(f"{len(doubts)} règles lues, {sum(doubts)} à relire (needs_review), aucune erreur")


@sources_app.command("list")
def sources_list(data: Data = None, *, as_json: AsJson = False) -> None:
    """Donne la liste des sources connues et des fichiers présents."""
    _sources(data, as_json=as_json, open_files=False)


@sources_app.command("check")
def sources_check(data: Data = None, *, as_json: AsJson = False) -> None:
    """Ouvre chaque fichier et dit s'il est lisible."""
    _sources(data, as_json=as_json, open_files=True)


@sources_app.command("prune")
def sources_prune(
    data: Data = None,
    older_than: Annotated[
        float | None,
        typer.Option(
            "--older-than", metavar="JOURS", min=0, help="Sinon PARZAN_KEEP_DAYS, sinon 90."
        ),
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Dit ce qui serait retiré, sans rien retirer.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Retire les réponses gardées dont plus rien n'a besoin : ni dernières, ni employées."""
    with one_clear_line():
        from pipeline.live_sources import prune_sources
        from pipeline.settings import Settings

        settings = Settings()
        days = settings.keep_days if older_than is None else older_than
        done = prune_sources(data or settings.data, keep_days=days, dry_run=dry_run)
    if as_json:
        told = {"fichiers": done.files, "octets": done.size, "simulation": dry_run}
        typer.echo(json.dumps(told))
    else:
        ending = "à retirer" if dry_run else "retirés"
        typer.echo(f"{done.files} fichier(s) {ending}, {done.size} octets")


@sources_app.command("fetch")
def sources_fetch(
    commune: Annotated[
        list[str] | None,
        typer.Option("--commune", metavar="INSEE", help="Code INSEE ; répétable."),
    ] = None,
    departement: Annotated[
        list[str] | None,
        typer.Option("--departement", metavar="DEP", help="Département entier ; répétable."),
    ] = None,
    region: Annotated[
        str, typer.Option("--region", metavar="REG", help="Tous ses départements (code INSEE).")
    ] = "",
    data: Data = None,
    *,
    heavy: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="DOSSIER",
            help="Pour une commune, ajoute un dossier lourd : ocsge ou proprietaires (des centaines"
            " de Mo) ; répétable. Un département les prend toujours.",
        ),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(
            "--without",
            metavar="DOSSIER",
            help="Laisse un dossier de côté (mnh : 4 Mo par dalle) ; répétable.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Dit ce qui serait demandé, et la taille annoncée des dossiers lourds ; n'écrit"
            " rien.",
        ),
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Aucune connexion : copies gardées seulement.")
    ] = False,
    accept_shrink: Annotated[
        bool, typer.Option("--accept-shrink", help="Accepte une réponse bien plus petite.")
    ] = False,
    renew: Annotated[
        bool, typer.Option("--renew", help="Redemande même ce qui est récent.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Télécharge ce qui manque, le garde avec sa preuve, et le dépose."""
    with one_clear_line():
        places = _places(commune, departement, region)
    with one_clear_line(), stderr.status("Chargement…") as status:
        from pipeline.configuration import Configuration
        from pipeline.fetch_report import fetch_document, print_fetched
        from pipeline.ingestion.fetching import FOLDERS, HEAVY, Choice
        from pipeline.live_sources import Manner, Told, fetch_sources
        from pipeline.settings import Settings

        settings = Settings()
        manner = Manner(
            Choice(_among(heavy, HEAVY, "--with"), _among(without, FOLDERS, "--without")),
            offline=offline or settings.offline,
            dry_run=dry_run,
            accept_shrink=accept_shrink,
            renew=renew,
        )
        told = Told(on_step=status.update, tell=say, warn=warn)
        configuration = Configuration.load(settings)
        folder = data or settings.data
        done = fetch_sources(places, folder, settings, configuration, manner, told)
    for outcome in done:
        if outcome.error is not None:
            say_error(outcome.error)
    if as_json:
        typer.echo(json.dumps([fetch_document(it) for it in done], ensure_ascii=False))
    else:
        print_fetched(done, Console())
    failed = sum(outcome.failed for outcome in done)
    if failed:
        raise typer.Exit(code=EXIT_SOME_FAILED if failed < len(done) else EXIT_ERROR)


def _places(communes: list[str] | None, departements: list[str] | None, region: str) -> list[str]:
    """Return the codes asked for, each once: départements first, whose files hold the communes."""
    short = [code for code in communes or () if len(code) < _INSEE_LENGTH]
    long = [code for code in departements or () if len(code) >= _INSEE_LENGTH]
    if short or long:
        msg = f"{(short or long)[0]} : --commune veut cinq caractères, --departement deux ou trois"
        raise typer.BadParameter(msg)
    whole = [*_of_region(region), *(code.upper() for code in departements or ())]
    codes = [*whole, *(communes or ())]
    if not codes:
        msg = "donner --commune INSEE, --departement DEP ou --region REG"
        raise typer.BadParameter(msg)
    return list(dict.fromkeys(codes))


def _of_region(region: str) -> tuple[str, ...]:
    if not region:
        return ()
    from pipeline.region_communes import departements_of, load_regions
    from pipeline.settings import Settings

    return departements_of(region, load_regions(Settings().config / "regions.yaml"))


def _among(given: list[str] | None, known: Sequence[str], option: str) -> frozenset[str]:
    for name in given or ():
        if name not in known:
            msg = f"{option} : dossier inconnu ({name}) ; au choix : {', '.join(known)}"
            raise typer.BadParameter(msg)
    return frozenset(given or ())


def _sources(data: Path | None, *, as_json: bool, open_files: bool) -> None:
    with one_clear_line():
        from pipeline.configuration import Configuration
        from pipeline.ingestion.folder import check_sources, list_proofs, list_sources
        from pipeline.report import print_sources, sources_document
        from pipeline.settings import Settings

        settings = Settings()
        configuration = Configuration.load(settings)
        folder = data or settings.data
        if open_files:
            table = check_sources(folder, configuration.territories, configuration.catalogue)
            proofs = None
        else:
            table = list_sources(folder, configuration.catalogue)
            proofs = list_proofs(folder)
    if as_json:
        typer.echo(sources_document(table, proofs))
    else:
        print_sources(table, Console())
        if proofs is not None and len(proofs):
            print_sources(proofs, Console())
    if open_files and table["anomalie"].notna().any():
        raise typer.Exit(code=EXIT_ERROR)
