"""Systems Manager's parameters, with the images that AWS publishes by them."""
