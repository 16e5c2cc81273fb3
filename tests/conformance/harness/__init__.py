"""The conformance harness: engines that others wrote judge and run the rules that `detc` writes.

It needs Python 3.11 and its standard library, Node 20 and Cargo. What an engine needs is installed for that engine alone.
"""
