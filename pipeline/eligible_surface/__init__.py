"""From footprints and exclusions to the area that the law counts, with its interval."""
