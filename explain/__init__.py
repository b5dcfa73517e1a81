"""Heatmaps from a network and an image, and how they are laid on a picture."""
