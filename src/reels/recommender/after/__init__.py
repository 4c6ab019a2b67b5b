"""What happens once a page is on its way."""
