"""What is done to the pixels and how it is proven."""
