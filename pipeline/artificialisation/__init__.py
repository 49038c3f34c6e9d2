"""Land of each vintage → artificial or not, by the annex to article R. 101-1, before any cut."""
