"""One module for each outside format, the same verbs in each: `load`, `loads`, `dump`, `dumps`."""
