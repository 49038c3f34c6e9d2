"""From tables to a GeoPackage that QGIS opens styled, grouped and in French."""
