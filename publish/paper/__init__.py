"""The book on paper: the built pages of one language as one PDF, with contents, index and page numbers."""
