"""A small export of each source, written by its own module; the tests of every source run over all."""
