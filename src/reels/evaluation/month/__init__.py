"""A simulated month: viewers with known tastes live with the served pipeline, day by day, and the models learn from it.

world -> what there is and who watches     living -> the month, page by page     measures -> numbers     document
"""
