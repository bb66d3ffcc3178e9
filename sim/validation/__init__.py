"""Validation: closed forms and published results, reproduced by scenarios as a user would write them."""
