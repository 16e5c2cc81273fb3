"""Random programs: strategies and events made at random, and a second evaluator that says what they must alert on."""
