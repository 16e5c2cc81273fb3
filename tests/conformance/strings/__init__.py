"""Values that go into a strategy and are read back out of each product's rule by a parser that others wrote."""
