"""Where artifacts live: a folder or an S3 bucket."""
