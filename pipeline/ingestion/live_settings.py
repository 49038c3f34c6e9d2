"""What some live services alone need to be told: parts of `config/services.yaml`."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints, model_validator

_STRICT = ConfigDict(extra="forbid", frozen=True)


class Paged(BaseModel):
    """Numbered pages, and how many objects each holds."""

    model_config = _STRICT

    page_size: int = Field(ge=1)


class GpuLayer(BaseModel):
    """One layer of the Géoportail de l'urbanisme, and the folder that reads it."""

    model_config = _STRICT

    layer: str = Field(description="last part of the address")
    category: str | None = Field(default=None, description="kind of servitude, AC1 for instance")
    folder: str = Field(description="folder of `--data` that reads it")


class Gpu(BaseModel):
    """Layers of the Géoportail de l'urbanisme, and the count at which an answer may be cut."""

    model_config = _STRICT

    cap: int = Field(ge=1, description="an answer of so many objects may have lost others")
    most_splits: int = Field(ge=0, description="how many times a window may be cut in four")
    layers: tuple[GpuLayer, ...]


class HeightWindows(BaseModel):
    """
    A layer of heights, and the squares that it is asked for.

    Squares are counted from the origin of the CRS moved by the shifts: the pixels of two of them
    are those of one grid, which is the grid of the layer, so that nothing is resampled.
    """

    model_config = _STRICT

    layer: str
    crs: str
    pixel_m: float = Field(gt=0)
    side_px: int = Field(ge=1, description="pixels along the side of a square")
    west_shift_m: float
    south_shift_m: float

    @property
    def side_m(self) -> float:
        """Return the side of a square, metres."""
        return self.side_px * self.pixel_m


class YieldGrid(BaseModel):
    """Grid of the places that a service of photovoltaic yields is asked about."""

    model_config = _STRICT

    step_deg: float = Field(gt=0, description="between two places; each is the middle of a cell")
    database: str


class OpenDataset(BaseModel):
    """A dataset of an open-data portal, and how far around a commune it is asked."""

    model_config = _STRICT

    dataset: str
    margin_m: float = Field(ge=0, description="beyond the window of a commune")


class Outlines(BaseModel):
    """A national file of the outlines of the départements, simplified by its maker."""

    model_config = _STRICT

    file: str
    margin_m: float = Field(ge=0, description="how far an outline may be from the true one")


class Product(BaseModel):
    """A product of the download service, which of its archives are taken, and what they hold."""

    model_config = _STRICT

    resource: str = Field(description="its name at the service")
    folder: str = Field(description="folder of `--data` that reads it")
    by_departement: bool = Field(description="one archive per département, or a national one")
    title: str = Field(description="pattern that the title of an archive meets")
    not_title: str | None = Field(default=None, description="pattern that it does not meet")
    formats: tuple[str, ...] = Field(min_length=1, description="as in the titles, the best first")
    members: str = Field(description="pattern of the names, without extension, of the files taken")
    file: str = Field(description="start of the names that the files get; readers know them by it")


class Downloads(BaseModel):
    """Products of a download service, and how many entries a page of its lists holds."""

    model_config = _STRICT

    page_size: int = Field(ge=1)
    products: tuple[Product, ...]


_Slug = Annotated[str, StringConstraints(pattern=r"^[a-z]+(-[a-z]+)*$")]
_Departement = Annotated[str, StringConstraints(pattern=r"^(\d{2}|2[AB]|97\d)$")]


class Regions(RootModel[dict[_Slug, tuple[_Departement, ...]]]):
    """The départements of each regional file of a service; none is in two of them."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="after")
    def _share_nothing(self) -> Self:
        codes = [code for held in self.root.values() for code in held]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            msg = f"département dans deux régions ({', '.join(twice)})"
            raise ValueError(msg)
        return self

    def of(self, departement: str) -> str | None:
        """Return the region that holds a département; None when none does."""
        return next((name for name, held in self.root.items() if departement in held), None)
