"""What a job asks for: the versioned graph, its validation, expansion, presets and plan."""
