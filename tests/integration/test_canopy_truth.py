"""
The trees and the canopy of the pipeline, held to what people measured.

Floors, not the figures of the day (`python -m tests.benchmarks.canopy_truth` prints those): what a
reader may count on, and what a change of the detector must not lose.
"""

import pytest

from tests.benchmarks.canopy_truth import CHOICES, NO_ROOFS, TALL_M, detections, methods, moved
from tests.benchmarks.cloud_truth import TILE, halves, read_cloud, roofs_of, score_canopy
from tests.benchmarks.tree_truth import sites

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="module")
def places(shared_data):
    return sites(shared_data)


@pytest.fixture(scope="module")
def stand(places):
    return places["Chablais, 110 trees"]


@pytest.fixture(scope="module")
def trees(stand):
    return detections(stand.tile)


@pytest.fixture(scope="module")
def cloud(shared_data):
    return read_cloud(shared_data / TILE)


class TestChablais:
    """A dense mountain stand, harder than a car park: 110 trees measured on foot, 26 of ≥ 20 m."""

    def test_three_tall_trees_in_four_are_found(self, stand, trees):
        # Of the tall ones alone: nearly half of the others stand below a crown, where no height
        # model sees them. The fourth is what touching crowns cost; car parks have few.
        tall = stand.truth[:, 2] >= TALL_M
        assert stand.score(trees).found[tall].mean() >= 0.75

    def test_nine_tops_in_ten_are_trees(self, stand, trees):
        # A branch taken for a top would be a tree counted twice on a car park.
        assert stand.score(trees).commission <= 0.1

    def test_heights_are_true_to_half_a_metre_on_average(self, stand, trees):
        # The side of a pixel of this model. RMSE: 1.5 m is half the least height of a tree.
        score = stand.score(trees)
        assert abs(score.bias_m) < 0.5
        assert score.rmse_m < 1.5

    def test_more_of_them_than_with_the_published_window(self, stand, trees):
        scores = {name: stand.score(found).f_score for name, found in methods(stand.tile).items()}
        ours = scores.pop("parzan")
        assert ours == stand.score(trees).f_score
        assert ours > scores["Popescu & Wynne 2004"]

    def test_the_matches_are_no_luck(self, stand, trees):
        # In a dense stand the same tops 8 m away meet trees too: that much is worth nothing.
        assert stand.score(trees).f_score > stand.by_chance(trees).max() + 0.1


def test_bondy_is_better_than_luck(places):
    # 490 stems make 200 clumps and whole rows were left out: the rates say as much of the survey as
    # of the detector. All that is asked is that the tops follow it, whichever way they are shifted.
    park = places["Bondy, clumps"]
    found = detections(park.tile)
    assert park.score(found).f_score > park.by_chance(found).max() + 0.05


class TestLamballe:
    """A town, where half of what is 3 m high or more is no vegetation."""

    def test_canopy_is_found_and_roofs_are_not(self, cloud):
        # A tenth of false canopy at most, a twentieth lost along the walls, where the margin takes
        # real crowns.
        score = score_canopy(cloud, roofs_of(cloud), CHOICES)
        assert score.precision >= 0.9
        assert score.recall >= 0.95

    def test_roofs_drawn_from_other_points_than_the_truth(self, cloud):
        # Same floors: half the points draw the roofs, with more holes than a map has.
        half, rest = halves(cloud)
        score = score_canopy(rest, roofs_of(half), CHOICES)
        assert score.precision >= 0.9
        assert score.recall >= 0.95

    def test_height_alone_is_no_canopy(self, cloud):
        # So that the two tests above owe nothing to a tile that would have few buildings.
        assert score_canopy(cloud, NO_ROOFS, CHOICES).precision < 0.6

    def test_a_wider_margin_trades_crowns_for_certainty(self, cloud):
        # What the low and the high margins of the interval are for.
        roofs = roofs_of(cloud)
        narrow, wide = (
            score_canopy(cloud, roofs, moved(CHOICES, roof_margin_m=margin)) for margin in (0, 2)
        )
        assert wide.precision > narrow.precision
        assert wide.recall < narrow.recall
