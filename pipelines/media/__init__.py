"""Files to samples and back: the only room that knows PyAV, libvips and Pillow."""
