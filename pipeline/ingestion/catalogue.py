"""What is known of each source folder: `config/sources.yaml`."""

from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal, Self

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.errors import ConfigError, SourceError


class SourceFolder(BaseModel):
    """One folder of `--data`: its maker, its licence, the names its columns were met under."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str
    producer: str
    licence: str
    attribution: str
    formats: str
    columns: dict[str, tuple[str, ...]] = {}
    required: tuple[str, ...] = ()
    one_vintage: Literal["nom", "contenu"] | None = Field(
        default=None,
        description="its files must be of one vintage, told by their name or by their content",
    )

    @model_validator(mode="after")
    def _required_columns_have_names(self) -> Self:
        missing = set(self.required) - set(self.columns)
        if missing:
            msg = f"required columns without names: {sorted(missing)}"
            raise ValueError(msg)
        return self

    def known(self, names: Collection[str], column: str) -> str | None:
        """Return which of `names`, in lower case, is the one of `column`; None when none is."""
        return next((name for name in self.columns[column] if name in names), None)

    def find(self, table: pd.DataFrame, column: str) -> str | None:
        """Return the name that `column` has in `table` (lower-case names), or None."""
        return self.known(list(table.columns), column)

    def take(self, table: pd.DataFrame, column: str) -> "pd.Series[str]":
        """Return `column` as text, blanks missing; wholly missing when the table lacks it."""
        name = self.find(table, column)
        if name is None:
            return pd.Series(None, index=table.index, dtype=object).astype("str")
        return as_text(table[name])

    def require(self, table: pd.DataFrame, where: str) -> None:
        """
        Refuse a table without one of the required columns.

        Raises
        ------
        SourceError
            Naming the file, the names expected and those found.
        """
        for column in self.required:
            if self.find(table, column) is None:
                expected = ", ".join(self.columns[column])
                present = ", ".join(str(name) for name in table.columns if name != "geometry")
                msg = (
                    f"{where} : aucune des colonnes {expected} ; colonnes présentes :"
                    f" {present[:200] or 'aucune'} ; vérifier le fichier déposé"
                )
                raise SourceError(" ".join(msg.split()))


Catalogue = dict[str, SourceFolder]


def load_catalogue(path: Path) -> Catalogue:
    """
    Read `sources.yaml`.

    Raises
    ------
    ConfigError
        If the file is unreadable or a key is unknown or missing; the message names it.
    """
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        return {name: SourceFolder.model_validate(item) for name, item in raw.items()}
    except (OSError, yaml.YAMLError, AttributeError, ValidationError) as error:
        msg = f"{path}: cannot read the catalogue of sources: {' '.join(str(error).split())}"
        raise ConfigError(msg) from error


def as_text(values: "pd.Series[Any]") -> "pd.Series[str]":
    """Return values as stripped text; blanks, `None`, `nan` and whole floats' `.0` are cleaned."""
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64").astype(object)
    text = values.astype(object).where(values.notna(), None).astype("str").str.strip()
    return text.where(~text.isin(["", "None", "nan", "NaN", "NULL", "\\N"]))
