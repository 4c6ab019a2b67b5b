"""What the learned ranker knows of a candidate: one piece of code for training and serving."""
