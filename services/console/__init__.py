"""The console: pages for operators, served beside the interface that they use."""
