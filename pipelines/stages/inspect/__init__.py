"""What a file is, told without changing it and without refusing what can be described."""
