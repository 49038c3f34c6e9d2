"""From files to tables: the only stage that reads data, repairs it, or refuses it."""
