"""How good the recommendations are: one protocol, one table, on published logs or on what was imported.

logs/ -> Log, Catalogue     splits -> Split     baselines/ -> ranked reels     metrics -> numbers     report
"""
