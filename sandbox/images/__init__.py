"""What the sandbox lays out for images: the example in its own repository, a Debian base, a vulnerability database."""
