"""What is on the screen, one component a file."""
