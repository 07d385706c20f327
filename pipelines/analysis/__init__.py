"""What is measured in pictures before they are changed: detection, tracks, motion."""
