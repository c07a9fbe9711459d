"""The queries of the pages; a module for each page, with the page's name."""
