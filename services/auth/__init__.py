"""Who may do what: keys, scopes, sessions."""
