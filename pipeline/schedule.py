"""Recipes that start a refresh by themselves: systemd, cron, the Windows Task Scheduler."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_EXIT_CODES = """\
Codes de sortie, pour la surveillance
  0  tout est à jour
  1  arrêt : une ligne sur la sortie d'erreur (et dans --log) dit quoi, où, et que faire ;
     aussi quand une actualisation est déjà en cours dans le même dossier
  2  commande mal écrite
  3  fait, mais des communes ont échoué : elles sont nommées ; leurs produits d'avant restent en
     place, et la prochaine actualisation les reprend
  Tué ou éteint en cours de route (137, 143) : la même commande reprend où elle en était.
"""


_AS_ADMINISTRATOR = "dans une invite de commandes d'administrateur"
# What `schtasks /TR` takes is limited to 262 characters; one is kept for the end of the string.
_LONGEST_WINDOWS_COMMAND = 261


@dataclass(frozen=True)
class Moment:
    """When: hour and minute of the machine, each day or on one day of each month (1 to 28)."""

    hour: int
    minute: int
    day: int | None = None


@dataclass(frozen=True)
class Unit:
    """What is started: a name for the machine (`parzan-region-32`), a command, folders written."""

    name: str
    command: Sequence[str]
    written: Sequence[Path]


def recipes(unit: Unit, moment: Moment) -> str:
    """Return one document, in French: what to put where, and how to watch it."""
    return "\n".join(
        (
            f"# Actualisation automatique de parzan : {_said(moment)} (heure de la machine)",
            "",
            "== 1. systemd (Linux ; conseillé : rattrape une nuit manquée) ==",
            f"Dans /etc/systemd/system/{unit.name}.service ; le compte « parzan » est à créer, ou",
            "à remplacer par celui du service ; les dossiers de ReadWritePaths doivent exister",
            "(sinon 226/NAMESPACE), et ce compte pouvoir y écrire :",
            "",
            service(unit),
            f"Dans /etc/systemd/system/{unit.name}.timer :",
            "",
            timer(moment),
            f"Puis : systemctl daemon-reload && systemctl enable --now {unit.name}.timer",
            f"Suivi : systemctl list-timers ; journalctl -u {unit.name}",
            "",
            "== 2. cron (Linux, macOS ; ne rattrape rien) ==",
            "Une ligne, par crontab -e :",
            "",
            cron(unit, moment),
            "",
            "== 3. Planificateur de tâches de Windows ==",
            windows(unit, moment),
            "",
            "Le compte « parzan » est à créer, ou à remplacer ; son mot de passe est demandé :",
            "la tâche part alors même si personne n'a ouvert de session. Dans ses propriétés,",
            "onglet Paramètres : cocher « Exécuter la tâche dès que possible si un démarrage",
            "planifié est manqué », décocher « Arrêter la tâche si elle s'exécute plus de… ».",
            "",
            _EXIT_CODES,
        )
    )


def service(unit: Unit) -> str:
    """Return the systemd service: one run, low priority, nothing written elsewhere."""
    written = " ".join(_systemd(str(path)) for path in unit.written)
    return f"""\
[Unit]
Description=parzan, actualisation ({unit.name})
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User=parzan
ExecStart={" ".join(_systemd_command(word) for word in unit.command)}
Nice=10
IOSchedulingClass=idle
TimeoutStartSec=infinity
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ReadWritePaths={written}
"""


def timer(moment: Moment) -> str:
    """Return the systemd timer: a start missed while the machine was off is made up for."""
    day = "*" if moment.day is None else f"{moment.day:02d}"
    return f"""\
[Unit]
Description=parzan, actualisation {_said(moment)}

[Timer]
OnCalendar=*-*-{day} {moment.hour:02d}:{moment.minute:02d}:00
Persistent=true

[Install]
WantedBy=timers.target
"""


def cron(unit: Unit, moment: Moment) -> str:
    """Return the line of a crontab; a percent sign would end the command there."""
    day = "*" if moment.day is None else str(moment.day)
    command = " ".join(_shell(word) for word in unit.command).replace("%", r"\%")
    return f"{moment.minute} {moment.hour} {day} * * {command}"


def windows(unit: Unit, moment: Moment) -> str:
    """Return what creates the task, in the quoting of Windows; a long command goes in a file."""
    command = subprocess.list2cmdline(unit.command)
    if len(command) <= _LONGEST_WINDOWS_COMMAND:
        return f"Une ligne, {_AS_ADMINISTRATOR} :\n\n{_schtasks(unit, moment, command)}"
    file = rf"C:\parzan\{unit.name}.cmd"
    line = command.replace("%", "%%")  # in a file, a percent sign alone names a variable
    return (
        f"La commande est trop longue pour schtasks : la mettre, après une première ligne\n"
        f"« @chcp 65001 >nul » (accents), dans {file} (ou ailleurs) :\n\n{line}\n\n"
        f"Puis, {_AS_ADMINISTRATOR} :\n\n{_schtasks(unit, moment, file)}"
    )


def _schtasks(unit: Unit, moment: Moment, command: str) -> str:
    """Return the line of an account with a password: without it, a task waits for a log-on."""
    when = ["/SC", "DAILY"] if moment.day is None else ["/SC", "MONTHLY", "/D", str(moment.day)]
    return subprocess.list2cmdline(
        [
            *("schtasks", "/Create", "/TN", unit.name),
            *when,
            *("/ST", f"{moment.hour:02d}:{moment.minute:02d}"),
            *("/RU", "parzan", "/RP", "*"),
            *("/TR", command),
        ]
    )


def _said(moment: Moment) -> str:
    when = "chaque jour" if moment.day is None else f"le {_ordinal(moment.day)} de chaque mois"
    return f"{when} à {moment.hour:02d}:{moment.minute:02d}"


def _ordinal(day: int) -> str:
    return "1er" if day == 1 else str(day)


def _systemd(word: str) -> str:
    """Quote a word for any line of systemd, where a percent sign has a meaning."""
    escaped = word.replace("\\", "\\\\").replace("%", "%%").replace('"', '\\"')
    return f'"{escaped}"' if re.search(r"[\s'\";]", word) else escaped


def _systemd_command(word: str) -> str:
    """Quote a word of a command: there alone, a dollar sign names a variable."""
    return _systemd(word).replace("$", "$$")


def _shell(word: str) -> str:
    return word if re.fullmatch(r"[\w@%+=:,./-]+", word) else "'" + word.replace("'", "'\\''") + "'"
