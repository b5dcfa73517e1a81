"""What the page and the README show; every figure here is made by a command."""
