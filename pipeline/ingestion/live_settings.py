"""What some live services alone need to be told: parts of `config/services.yaml`."""

from pydantic import BaseModel, ConfigDict, Field

_STRICT = ConfigDict(extra="forbid", frozen=True)


class Paged(BaseModel):
    """Numbered pages, and how many objects each holds."""

    model_config = _STRICT

    page_size: int = Field(ge=1)
