"""What a run and a refresh do first: fetch what a folder that nobody prepared lacks."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.cli_options import one_clear_line, stderr, warn


def fill(insee: Sequence[str], data: Path | None, *, offline: bool) -> None:
    """Fetch what a data folder that nobody prepared lacks; what cannot be had is told."""
    from pipeline.settings import Settings

    settings = Settings()
    if offline or settings.offline or not insee:
        return
    with one_clear_line(), stderr.status("Téléchargement…") as status:
        from pipeline.live_sources import Manner, Told, fetch_sources, may_fill

        folder = data or settings.data
        if not may_fill(folder):
            return
        from pipeline.configuration import Configuration

        done = fetch_sources(
            list(dict.fromkeys(insee)),
            folder,
            settings,
            Configuration.load(settings),
            Manner(),
            Told(on_step=status.update, tell=status.update, warn=warn),
        )
    for outcome in done:
        for file in outcome.files:
            if file.state == "echec" and file.detail:
                warn(file.detail)
        if outcome.error is not None:
            warn(str(outcome.error))
