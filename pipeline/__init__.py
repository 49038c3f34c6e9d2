"""parzan: from public data to the legal measure of each car park, one GeoPackage per commune."""
