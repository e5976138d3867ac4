"""`clarion doctor`."""
