"""From the candidates of several sources to one legal car park each."""
