"""What is asked of a live service, and what it answered."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pipeline.ingestion.services import Service

# What an answer may be; `text` is any content that is not a web page.
Kind = Literal["json", "gzip", "zip", "7z", "osm_pbf", "tiff", "text"]

KEPT_HEADERS = ("content-type", "etag", "last-modified", "content-encoding", "content-range")


@dataclass(frozen=True)
class Request:
    """
    One request to a declared service.

    `path` is relative to the address of the service, or an absolute address that the service gave;
    `params` go in the address, `form` in the body of a POST. `kinds` are the contents accepted, and
    `md5` the digest that the service announces for the content, in hexadecimal.
    """

    service: str
    path: str
    kinds: tuple[Kind, ...]
    params: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    md5: str | None = None

    @property
    def method(self) -> str:
        """Return `POST` where there is a form, else `GET`."""
        return "GET" if self.form is None else "POST"

    @property
    def asked(self) -> str:
        """Return everything that makes the answer, as one canonical JSON text."""
        form = None if self.form is None else dict(self.form)
        return json.dumps(
            {"path": self.path, "params": dict(self.params), "form": form},
            ensure_ascii=False,
            sort_keys=True,
        )

    @property
    def key(self) -> str:
        """Return the identity of the request: two with the same key ask for the same thing."""
        return hashlib.sha256(f"{self.service}\n{self.asked}".encode()).hexdigest()

    def where(self, service: Service) -> str:
        """Return how messages call this request: the service and the address, in one line."""
        return f"{service.label} ({service.url(self.path)})"


@dataclass(frozen=True)
class Answer:
    """
    A whole answer, checked, on the disk.

    `path` holds the content, freed of the encoding of its transport, and belongs to the caller;
    `url` is the address that answered, after redirects; `headers` are those of `KEPT_HEADERS`.
    """

    path: Path
    sha256: str
    size: int
    url: str
    status: int
    headers: Mapping[str, str]
