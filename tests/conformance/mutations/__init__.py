"""Deliberate mistakes in rules, each standing for a mistake in a lowering, all of which the conformance run must notice."""
