"""Rules as a pack deploys them, run on their schedule over the test cases.

A packed rule of Sentinel reads its values from functions and watchlists, looks back over a period, and drops rows that an earlier
run has judged. `pack` reads what `detc pack` wrote, `runs` plays the runs of a schedule over a case: together they must alert as
the evaluator does over the whole of it.
"""
