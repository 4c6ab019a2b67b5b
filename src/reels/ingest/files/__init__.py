"""Reading files row by row; what can't be read is named."""
