"""What may be asked: the catalogue of options, their values, and the rules between them."""
