"""Models: what they are (card, package), what they take (features), how they run (runtime), and the ones we ship (zoo).

:mod:`card`, :mod:`package`, :mod:`features` and :mod:`evaluation` never load torch; :mod:`runtime` does.
"""
