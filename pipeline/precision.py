"""Numerical tolerances: what floating-point geometry needs, never a choice that moves a result."""

# Dust along a shared edge, not ground.
DUST_M2 = 1e-4
# Below a square decimetre a deducted piece is floating-point dust along a shared edge, not ground.
PIECE_DUST_M2 = 0.01
# Only where a floating-point overlay fails: a tenth of a millimetre, far below any survey.
FALLBACK_GRID_M = 1e-4
# Roads that meet share a node of their source; projected, its two copies differ by nothing more.
NODE_GRID_M = 1e-3
# SciPy drops edges of length zero: reaching a piece from its edge costs next to nothing.
STEP_M = 1e-6
# A fence has no width: it is opened by less than a drawing can show, to part what it separates.
FENCE_SLIT_M = 1e-4
# Bytes of the digest that names a car park.
ID_BYTES = 5
# Bytes of the digest that names a piece of land: of hundreds of thousands, two never share one.
LAND_ID_BYTES = 8
# Pieces looked at together: bounds the memory of the distances to every vertex.
BATCH = 256
# In pixels: an outline on a line of the grid must not, by rounding, take a row more.
GRID_SLACK = 1e-6
# In pixels, the half diagonal of the eight neighbours and a little more.
NEIGHBOURS = 1.5
# Segments of a quarter of a crown drawn as a disc: it loses 0.2 % of its area.
CROWN_SEGMENTS = 16
# Decimals of a share: what is beyond is floating-point noise.
SHARE_DIGITS = 9
# Values compared at once: bounds the memory of the search for tree tops.
MOST_VALUES = 2_000_000
# The eight pixels around one.
ALL_AROUND = ((True, True, True), (True, True, True), (True, True, True))
# Odd numbers and a shift that spread the bits of coordinates: two hashes of a segment.
HASHES = ((0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F), (0xD6E8FEB86659FD93, 0xA0761D6478BD642F))
HASH_SHIFT = 31
# Ends of edges cut on either side of a limit differ by rounding: a micrometre joins them again.
# At 0, slivers between them take the ground of a neighbour, square metres at a time.
NODE_SNAP_M = 1e-6
# Lengths that are equal as drawn differ by rounding once summed: neither side holds the longest.
TIE_SLACK_M = 1e-6
# Land is cut along a grid of that step: one polygon with thousands of holes slows every overlay.
LAND_TILE_M = 1000.0
# A width is tested a millimetre below: an opening by exactly half of it would erase what has it.
WIDTH_SLACK_M = 1e-3
# Vertices from which a shape is reduced to what lies around the polygons that it cuts.
MOST_VERTICES = 1_000
# GEOS works outside the interpreter's lock: two threads on two cores.
THREADS = 2
# Several shares a thread: one that ends early takes another.
SHARES_OF_WORK = 16
# A share that whole percents would write as 0 is not told.
SMALLEST_TOLD_SHARE = 0.005
# Pairs of polygons intersected at once: bounds the memory, and an excess is told early.
MOST_PAIRS = 10_000
# Ground is wholly covered when what is not is no more than the rounding of its corners.
COVERED_SLACK_M2 = 1.0
# The parts of a surface sum to it but for rounding: one of exactly 2 500 m² is not below them.
SUM_SLACK_M2 = 1e-6
