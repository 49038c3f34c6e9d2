"""What is known of a commune before a run: its last product, and the decisions of its agents."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.assumptions import Assumptions
from pipeline.crs import Territory
from pipeline.export.product import product_path, review_path
from pipeline.inventory.file_digests import FileDigests
from pipeline.inventory.previous import Previous, read_previous
from pipeline.inventory.products import NO_CORRECTION, corrections_digest
from pipeline.inventory.review import Review, read_review
from pipeline.inventory.states import State, read_product


@dataclass(frozen=True)
class Before:
    """
    The last product of a commune, and what its agents decided since it was first published.

    `state` is what that product says of its parks, None before the first; `corrections` a digest
    of the decisions.
    """

    previous: Previous
    review: Review
    state: State | None
    corrections: str

    @classmethod
    def nothing(cls, territory: Territory) -> "Before":
        """Return what is known of a commune that was never published."""
        none = Previous.none(territory.crs)
        return cls(none, Review.none(territory), None, NO_CORRECTION)


def known_before(
    insee_code: str, out: Path, territory: Territory, assumptions: Assumptions
) -> Before:
    """
    Read the product and the review file of a commune, as they are now.

    Raises
    ------
    PublicationError
        If the product is there and cannot be read: identifiers would be lost.
    SourceError
        If the review file is there and cannot be read: decisions would be lost.
    """
    product, review = product_path(out, insee_code), review_path(out, insee_code)
    # Before they are read: what an agent saves meanwhile is then seen as new by the next run.
    corrections = corrections_digest(review, FileDigests({}))
    previous = read_previous(product, territory.crs)
    return Before(
        previous,
        read_review(review, territory, assumptions.corrections),
        read_product(product, previous.parks) if previous.exists else None,
        corrections,
    )
