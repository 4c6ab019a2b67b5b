"""HTTP: the app, tokens, problems."""
