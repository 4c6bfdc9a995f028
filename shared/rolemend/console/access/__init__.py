"""Who may see the console and act in it: sign-in, sessions, links of alerts, and the headers of every answer."""
