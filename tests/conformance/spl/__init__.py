"""An evaluator of the part of Splunk's SPL that detc writes, made from Splunk's documentation.

It refuses what it does not know and what the documentation leaves open, so that a search that runs here leans on nothing
but what is written. Nothing in it was compared with a live Splunk: it is a second reading of the manual, not the product.
"""
from .evaluate import Reading
from .run import run
from .values import Refused, Undocumented, Unknown

__all__ = ["Reading", "Refused", "Undocumented", "Unknown", "run"]
