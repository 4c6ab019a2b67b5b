"""The offline jobs, put together."""

JOB_NAMES = ("embeddings", "cf_matrix", "factorization", "popularity", "snapshot")
