"""The tabs of the page, one file each, with the endpoints that belong to them."""
