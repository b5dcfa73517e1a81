"""Networks, recipes, training, the cache, and what a trained network answers."""
