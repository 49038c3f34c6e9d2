"""From measures and dated rules to a verdict that an owner can read."""
