"""Tests, as a package, so that they can share what they write with."""
