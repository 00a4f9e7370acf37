"""What makes files that the collection ships, and is not shipped itself."""
