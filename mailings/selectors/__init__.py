"""What a page asks the database, in modules named like their pages."""
