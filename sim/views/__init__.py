"""Views: tables, figures and pages of stored runs. They read runs, never an engine."""
