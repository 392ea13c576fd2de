"""Side by side with what people would pick instead, on the same work, in one run: `make bench`."""
