"""What is known of a commune before a run: its last product, and the decisions of its agents."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.assumptions import Assumptions
from pipeline.crs import Territory
from pipeline.export.product import product_path, review_path
from pipeline.inventory.previous import Previous, read_previous
from pipeline.inventory.review import Review, read_review


@dataclass(frozen=True)
class Before:
    """The last product of a commune, and what its agents decided since it was first published."""

    previous: Previous
    review: Review

    @classmethod
    def nothing(cls, territory: Territory) -> "Before":
        """Return what is known of a commune that was never published."""
        return cls(Previous.none(territory.crs), Review.none(territory))


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
    return Before(
        read_previous(product_path(out, insee_code), territory.crs),
        read_review(review_path(out, insee_code), territory, assumptions.corrections),
    )
