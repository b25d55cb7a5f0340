"""The house rules that no linter has: each is a function from text to complaints."""
