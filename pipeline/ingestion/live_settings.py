"""What some live services alone need to be told: parts of `config/services.yaml`."""

from pydantic import BaseModel, ConfigDict, Field

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
