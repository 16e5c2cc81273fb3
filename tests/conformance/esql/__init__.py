"""An evaluator of the part of ES|QL that detc writes, made from Elasticsearch's documentation:
<https://www.elastic.co/docs/reference/query-languages/esql>.

It refuses what it does not know, what a query's types do not allow, and what the documentation leaves open. Nothing in it was
compared with a live Elasticsearch: it is a second reading of the manual, not the product.
"""
from .parser import query
from .run import run
from .values import Refused

__all__ = ["Refused", "query", "run"]
