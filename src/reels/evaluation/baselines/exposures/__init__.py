"""Models of exposures: how likely what is shown now will be watched long, liked, shared, ... For AUC and GAUC.

features -> 37 columns, frozen     trees     crossing -> a factorization machine     mix -> both
"""
